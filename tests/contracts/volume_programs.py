"""The programs of `runtimes/data/` as a test runs them: on plain folders, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

APP = 65532
AS_APP = f"""
import os, sqlite3, sys
if os.geteuid() == 0:
    os.setgroups([]), os.setresgid({APP}, {APP}, {APP}), os.setresuid({APP}, {APP}, {APP})
"""
"""Begins programs that stand for an app: a database of root's would be nobody's to open."""
PROGRAMS = Path(__file__).parents[2] / "runtimes" / "data"
MUCH = 1 << 30

KILLED = """
import json, os, signal, sys
source, asked, at = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
module = {"__name__": "volume_replace"}
exec(compile(open(source).read(), source, "exec"), module)
seen = 0
def step(name):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
module["step"] = step
module["main"](asked)
print(seen)
"""
"""`volume_replace.py`, killed at its n-th step; it says how many there were where it was not."""


@contextmanager
def a_place() -> Iterator[Path]:
    """A folder the app's user can enter, with an empty `volume` in it that is the app's."""
    place = Path(tempfile.mkdtemp(prefix="slipway-volume-"))
    place.chmod(0o755)
    (place / "volume").mkdir()
    give(place)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def give(folder: Path) -> None:
    """Make all of it the app's user's."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, APP, APP, follow_symlinks=False)


def copy(volume: Path, into: Path, known: Any = None, limit: int = MUCH) -> dict[str, Any]:
    """Copy `volume` to the new folder `into`; the program's answer."""
    into.mkdir(parents=True)
    give(into)
    answer = into.with_name(f"{into.name}.json")
    asked = {"volume": str(volume), "into": str(into), "answer": str(answer), "limit": limit}
    said = _run([(PROGRAMS / "volume_copy.py").read_text(), json.dumps({**asked, "known": known, "owner": None})])
    return {**json.loads(answer.read_text()), "said": said}


def replace(volume: Path, source: Path | None) -> dict[str, Any]:
    """Replace what `volume` holds; None only finishes what an earlier run began."""
    answer = volume.with_name(f"{volume.name}.answer")
    asked = {"volume": str(volume), "from": str(source) if source else None, "owner": None, "answer": str(answer)}
    _run([(PROGRAMS / "volume_replace.py").read_text(), json.dumps(asked)])
    return dict(json.loads(answer.read_text()))


def replace_killed(volume: Path, source: Path, at: int) -> int | None:
    """The same, killed at step `at`; how many steps there were where it came to its end before."""
    asked = json.dumps({"volume": str(volume), "from": str(source), "owner": None})
    argv = [sys.executable, "-I", "-c", KILLED, str(PROGRAMS / "volume_replace.py"), asked, str(at)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return int(done.stdout)
    assert done.returncode == -9, done.stderr
    return None


def _run(arguments: list[str]) -> str:
    argv = [sys.executable, "-I", "-c", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr
