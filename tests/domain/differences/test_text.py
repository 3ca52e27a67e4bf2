"""Line counts and unified differences, with git as the judge."""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.domain.differences import text
from monitor.domain.differences.text import LineCount, count_lines, unified

lines = st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"\ta", b"\r", b"\xff", "é".encode()]), max_size=14)
texts = st.builds(lambda parts, end: b"\n".join(parts) + (b"\n" if end and parts else b""), lines, st.booleans())


def git(folder: Path, *words: str, data: bytes | None = None) -> bytes:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *words], cwd=folder, input=data, capture_output=True, env=environment, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def numstat(folder: Path, old: bytes, new: bytes) -> tuple[int, int]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    said = git(folder, "diff", "--no-index", "--minimal", "--text", "--numstat", "--", "old", "new").split()
    return (int(said[0]), int(said[1])) if said else (0, 0)


def fewest(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed where as many as possible stay, by the textbook's table."""
    before, after = (re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new))
    common = [0] * (len(after) + 1)
    for line in before:
        above = common
        common = [0]
        for at, other in enumerate(after):
            common.append(above[at] + 1 if line == other else max(above[at + 1], common[at]))
    return len(after) - common[-1], len(before) - common[-1]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, texts)
@example(b"a\na\na\na\na\na\nb\na", b"b\nb\nb\nb\n")
def test_counts_are_the_fewest_there_are(tmp_path: Path, old: bytes, new: bytes) -> None:
    found = count_lines(old, new)
    assert found is not None
    assert found.exact
    assert (found.added, found.removed) == fewest(old, new)
    # Of lines that occur often git leaves some out of account, `--minimal` or not.
    seen = numstat(tmp_path, old, new)
    assert seen[0] - found.added == seen[1] - found.removed >= 0


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, texts)
def test_what_is_printed_leads_from_one_to_the_other(tmp_path: Path, old: bytes, new: bytes) -> None:
    old, new = old.replace(b"\xff", b"x"), new.replace(b"\xff", b"x")
    said = unified(old, new, "a/file", "b/file")
    assert said is not None
    assert (said == "") == (old == new)
    assert said or old == new
    if not said:
        return
    (tmp_path / "file").write_bytes(old)
    git(tmp_path, "apply", "--unidiff-zero", "--whitespace=nowarn", "-", data=said.encode())
    assert (tmp_path / "file").read_bytes() == new


def test_a_person_reads_this() -> None:
    old = b"".join(b"line %d\n" % n for n in range(1, 13))
    new = old.replace(b"line 6\n", b"line six\n") + b"the end"
    assert unified(old, new, "app.py (revision 3)", "app.py (revision 9)") == (
        "--- app.py (revision 3)\n+++ app.py (revision 9)\n"
        "@@ -3,10 +3,11 @@\n line 3\n line 4\n line 5\n-line 6\n+line six\n line 7\n line 8\n line 9\n line 10\n"
        " line 11\n line 12\n+the end\n\\ No newline at end of file\n"
    )


def test_binary_and_huge_files_are_not_compared() -> None:
    assert count_lines(b"a\0b", b"a") is None
    assert unified(b"a", b"\0", "a", "b") is None
    assert count_lines(b"a" * (text.MAX_BYTES + 1), b"a") is None
    assert count_lines(b"\n" * text.MAX_LINES, b"a") is None


@pytest.mark.parametrize("seed", range(3))
def test_texts_with_nothing_in_common_cost_little(seed: int) -> None:
    rng = random.Random(seed)
    old = b"".join(b"%d\n" % rng.randrange(50) for _ in range(20_000))
    new = b"".join(b"%d\n" % rng.randrange(50) for _ in range(20_000))
    before = time.process_time()
    found = count_lines(old, new)
    assert found is not None
    assert not found.exact
    assert unified(old, new, "a", "b")
    assert time.process_time() - before < 10


def test_an_empty_file_has_no_lines() -> None:
    assert count_lines(b"", b"a\nb") == LineCount(2, 0)
    assert unified(b"", b"a\n", "a", "b") == "--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n"
