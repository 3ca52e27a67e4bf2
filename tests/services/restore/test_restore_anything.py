"""Any tree to any other tree, on a real disk: what comes of it is what the independent reader says."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.restoring.plan import Mode
from tests.support.restoring import Spot

NAMES = [b"a", b"b", b"%41", b"\xff", b"e\xcc\x81", b"\xc3\xa9", b"nl\nx", b" ", b"-rf", b"x" * 255, b"A"]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(b"/".join)
modes = st.sampled_from([0o644, 0o600, 0o755, 0, 0o444, 0o4711])
things = st.one_of(
    st.tuples(st.just("file"), modes, st.sampled_from([b"", b"one", b"two", b"x" * 5000])),
    st.tuples(st.just("link"), st.just(0), st.sampled_from([b"a", b"/etc/passwd", b"../..", b"\xff"])),
    st.tuples(st.just("dir"), st.sampled_from([0o755, 0o700]), st.just(b"")),
)
trees = st.dictionaries(paths, things, max_size=7)
stamps = st.integers(-(10**18), 2 * 10**18)


def build(folder: Path, tree: dict[bytes, tuple[str, int, bytes]], stamp: int) -> None:
    """As much of it as a disk takes: what lies below a file is left out."""
    top = os.fsencode(folder)
    for path, (kind, mode, data) in sorted(tree.items()):
        place = os.path.join(top, path)
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if os.path.realpath(os.path.dirname(place)) != os.path.dirname(place) or os.path.lexists(place):
                continue
            if kind == "file":
                with open(place, "xb") as file:
                    file.write(data)
            elif kind == "link":
                os.symlink(data, place)
            else:
                os.mkdir(place)
        except OSError:
            continue
        if kind != "link":
            os.chmod(place, mode)
        if os.geteuid() == 0 or kind != "dir":
            os.utime(place, ns=(stamp, stamp), follow_symlinks=False)


def clear(folder: Path) -> None:
    for item in list(folder.iterdir()):
        shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()


async def there_and_back(first: dict, second: dict, stamp: int, left_out: bool) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as tmp:
        spot = Spot(Path(tmp))
        await spot.desk.write("package.json", "{}")
        build(spot.folder, first, stamp)
        one = await spot.keep()
        clear(spot.folder)
        await spot.desk.write("package.json", "{}")
        build(spot.folder, second, stamp + 1)
        if left_out:
            await spot.desk.write("node_modules/.env", "SECRET")
        two = await spot.keep()
        for seq, mode in ((one, Mode.MIRROR), (two, Mode.MIRROR), (one, Mode.MERGE)):
            had = spot.now()
            result = await spot.restore(seq, mode)
            wanted, now = spot.oracle(seq), spot.now()
            refused = {os.fsencode(r.path) for r in result.planned.plan.refused}
            assert not result.problems
            kept = {p: c for p, c in now.items() if not p.startswith(b"node_modules")}
            if mode is Mode.MIRROR:
                assert not refused
                assert kept == wanted
            else:
                assert {p: now.get(p) for p in wanted if p not in refused and wanted[p][0] != "dir"} == {
                    p: c for p, c in wanted.items() if p not in refused and c[0] != "dir"
                }
                lost = {p for p in had if p not in now and had[p][0] != "dir"}
                assert all(any(w.startswith(p + b"/") for w in wanted) for p in lost)
            assert (b"node_modules/.env" in now) == left_out
            assert spot.stages == []
        (spot.folder.chmod(0o755))
        await spot.close()


@given(trees, trees, stamps, st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_becomes_any_other(first: dict, second: dict, stamp: int, left_out: bool) -> None:  # type: ignore[type-arg]
    asyncio.run(there_and_back(first, second, stamp, left_out))
