"""What changed between revisions, and every version of one file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.history.errors import BadObject
from monitor.domain.moments import NS
from monitor.errors import NotFound, Refused
from monitor.services.diffs import Diffs
from monitor.services.history.archive import Archive
from tests.support.faults import FaultyStore
from tests.support.pen import Pen

START = 1_700_000_000 * NS


class Bench:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.memory = MemoryStore()
        self.store = FaultyStore(self.memory)
        self.pen = Pen(self.memory, piece=1000)
        self.diffs = Diffs(Archive(self.store, "p"), pool)

    async def save(self, base: bool = False, **files: str | bytes) -> int:
        named = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
        encoded = {name: data.encode() if isinstance(data, str) else data for name, data in named.items()}
        return await self.pen.save(encoded, START + len(self.pen.saved) * NS, base=base)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ThreadPoolExecutor(2) as pool:
        yield Bench(pool)


async def test_files_lines_sizes_and_packages(bench: Bench) -> None:
    await bench.save(
        a_py="1\n2\n3\n", gone_txt="x\ny\n", pic="\0\1", old_css="body{}\n", requirements_txt="flask==1\n"
    )
    await bench.save(
        base=True,
        a_py="1\ntwo\n3\n4\n",
        new_txt="n\n",
        pic="\0\1\2",
        new__css="body{}\n",
        requirements_txt="flask==2\nrich\n",
    )
    found = (await bench.diffs.diff("shop", 1, 2)).as_json()
    rows = {
        row["path"]: (row["what"], row["lines_added"], row["lines_removed"], row["size"]) for row in found["files"]
    }
    assert rows == {
        "a.py": ("changed", 2, 1, 10),
        "gone.txt": ("removed", 0, 2, None),
        "new.txt": ("added", 1, 0, 2),
        "pic": ("changed", None, None, 3),
        "new/css": ("renamed", None, None, 7),
        "requirements.txt": ("changed", 2, 1, 14),
    }
    assert [row["from"] for row in found["files"] if row["what"] == "renamed"] == ["old.css"]
    assert found["packages"] == [
        {"file": "requirements.txt", "name": "flask", "before": "==1", "after": "==2"},
        {"file": "requirements.txt", "name": "rich", "before": None, "after": ""},
    ]
    assert found["counts"] == {"added": 1, "removed": 1, "changed": 3, "renamed": 1, "mode": 0}
    assert (found["before"]["seq"], found["after"]["seq"], found["bytes"]) == (1, 2, 8)
    part = await bench.diffs.diff("shop", 1, 2, below="a.py/")
    assert [one.change.path for one in part.files] == ["a.py"]
    assert (await bench.diffs.diff("shop", 2, 2)).files == ()


async def test_without_lines_no_content_is_read(bench: Bench) -> None:
    await bench.save(a="1")
    await bench.save(a="2")
    await bench.diffs.diff("shop", 1, 2, lines=False)
    assert not [key for _, key in bench.store.calls if "/packs/" in key]


async def test_a_unified_difference_of_one_file_across_a_rename(bench: Bench) -> None:
    await bench.save(a_py="1\n2\n", same="s\n", big="x" * 2_000_000, bin="\0")
    await bench.save(b_py="1\n2\n", same="s\n", big="y" * 2_000_000, bin="\0\0", new="n\n")
    await bench.save(b_py="1\n3\n", same="s\n", big="y", bin="\0")
    assert await bench.diffs.text("shop", 1, 2, "b.py") == ""
    assert await bench.diffs.text("shop", 2, 3, "b.py") == (
        "--- b.py (revision 2)\n+++ b.py (revision 3)\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"
    )
    assert (await bench.diffs.text("shop", 1, 2, "new")).startswith(
        "--- new (revision 1, not there)\n+++ new (revision 2)"
    )
    assert await bench.diffs.text("shop", 1, 2, "same") == ""
    for path in ("big", "bin"):
        with pytest.raises(Refused):
            await bench.diffs.text("shop", 1, 2, path)
    with pytest.raises(NotFound):
        await bench.diffs.text("shop", 1, 2, "nothing")


async def test_every_version_of_one_file(bench: Bench) -> None:
    await bench.save(other="1")
    await bench.save(other="2", a="first")
    await bench.save(base=True, other="3", a="first")
    await bench.save(other="3", a="second")
    await bench.save(other="3")
    await bench.save(base=True, other="4")
    await bench.save(other="4", a="first")
    rows = [one.as_json() for one in await bench.diffs.versions("shop", "a")]
    assert [(row["seq"], row["size"], row["what"]) for row in rows] == [
        (7, 5, "file"),
        (5, None, "gone"),
        (4, 6, "file"),
        (2, 5, "file"),
    ]
    assert rows[0]["sha256"] == rows[3]["sha256"]
    with pytest.raises(NotFound):
        await bench.diffs.versions("shop", "b")


async def test_versions_under_earlier_names(bench: Bench) -> None:
    await bench.save(a="1")
    await bench.save(a="2")
    await bench.save(b="2")
    await bench.save(b="3")
    await bench.save(c="3", a="new")
    assert [one.header.seq for one in await bench.diffs.versions("shop", "c")] == [5]
    followed = await bench.diffs.versions("shop", "c", follow=True)
    assert [(one.header.seq, one.path) for one in followed] == [(5, "c"), (4, "b"), (3, "b"), (2, "a"), (1, "a")]


async def test_content_of_a_large_and_of_a_damaged_file(bench: Bench) -> None:
    data = bytes(range(250)) * 10
    seq = await bench.save(large=data, l="-> large")
    assert await bench.diffs.content("shop", seq, "large") == data
    with pytest.raises(Refused):
        await bench.diffs.content("shop", seq, "large", most=100)
    for path in ("l", "nothing"):
        with pytest.raises(NotFound):
            await bench.diffs.content("shop", seq, path)
    key = next(key for key in bench.memory.objects if "/packs/" in key)
    broken = bytearray(bench.memory.objects[key])
    broken[12] ^= 1
    bench.memory.objects[key] = bytes(broken)
    with pytest.raises(BadObject):
        await bench.diffs.content("shop", seq, "large")


async def test_names_that_are_no_text_reach_json(bench: Bench) -> None:
    await bench.pen.save({"a\udcff\n": b"1"}, START)
    await bench.pen.save({"a\udcff\n": b"2"}, START)
    (row,) = (await bench.diffs.diff("shop", 1, 2)).as_json()["files"]
    assert row["path"] == "a\\xff\\n"
