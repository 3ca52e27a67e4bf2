"""First history, unchanged passes and single saves beside restic and s5cmd, on the bundled store with fsync."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from monitor.adapters.s3_access import S3Access
from scripts.benchmarks.figures import Figure, median
from scripts.benchmarks.trees import on_trees

ROUNDS = 3
CROWD = 100_000


def figures() -> Iterator[Figure]:
    """On 8,000 files / 120 MB and 300 files / 5 MB of real source, and 100,000 files for the record."""
    yield from on_trees(beside_peers, crowd, CROWD)


def beside_peers(tree: Path, base: Path, access: S3Access) -> list[Figure]:
    """Ours, restic and s5cmd in turn, so that all meet the same machine."""
    ours: list[Mapping[str, float]] = []
    restic: list[tuple[float, float]] = []
    s5cmd: list[float] = []
    for turn in range(ROUNDS):
        ours.append(keep(tree, base / f"ours-{turn}", access, f"ours-{tree.name}-{turn}"))
        if shutil.which("restic"):
            restic.append(restic_backup(tree, base / f"restic-{turn}", access, f"restic-{tree.name}-{turn}"))
        if shutil.which("s5cmd"):
            s5cmd.append(s5cmd_unchanged(tree, access, f"s5cmd-{tree.name}"))
    of = f"{tree.name.removeprefix('tree-')} files"
    first, peak = median([o["first_s"] for o in ours]), max(o["peak_mb"] for o in ours)
    same, save = median([o["unchanged_s"] for o in ours]), median([o["one_save_s"] for o in ours])
    requests = max(o["unchanged_requests"] for o in ours)
    found = []
    peer = median([r[0] for r in restic]) if restic else None
    target, met = ("≥ 2 × faster", peer >= 2 * first) if peer else ("", None)
    found.append(Figure(f"first history, {of}", first, "s", "restic backup", peer, target, met, _size(ours[0])))
    for name, times in (("restic backup", [r[1] for r in restic]), ("s5cmd sync", s5cmd)):
        if times:
            met = median(times) >= 10 * same and not requests
            note = f"{requests:.0f} requests"
            found.append(Figure(f"unchanged pass, {of}", same, "s", name, median(times), "≥ 10 × faster", met, note))
    found.append(Figure(f"one saved file kept, {of}", save, "s", target="≤ 0.05 s", met=save <= 0.05))
    found.append(Figure(f"peak memory, {of}", peak, "MB", target="< 200 MB", met=peak < 200))
    return found


def crowd(tree: Path, base: Path, access: S3Access) -> list[Figure]:
    found = keep(tree, base / "ours-crowd", access, "ours-crowd")
    of = f"{found['files']:,.0f} files"
    return [
        Figure(f"first history, {of}", found["first_s"], "s", note=_size(found)),
        Figure(f"unchanged pass, {of}", found["unchanged_s"], "s"),
        Figure(f"peak memory, {of}", found["peak_mb"], "MB"),
    ]


def keep(tree: Path, scratch: Path, access: S3Access, prefix: str) -> dict[str, float]:
    """A process of its own, so that its memory is its own."""
    given = {**asdict(access), "folder": str(tree), "scratch": str(scratch), "prefix": prefix}
    argv = [sys.executable, "-m", "scripts.benchmarks.keep_child"]
    run = subprocess.run(argv, input=json.dumps(given), capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError(f"keeping failed: {run.stderr[-800:]}")
    answer: dict[str, float] = json.loads(run.stdout)
    return answer


def restic_backup(tree: Path, scratch: Path, access: S3Access, prefix: str) -> tuple[float, float]:
    """Seconds of a first `restic backup`, and of one without a change."""
    env = {
        **_keys(access),
        "RESTIC_PASSWORD": "bench",
        "RESTIC_REPOSITORY": f"s3:{access.endpoint}/{access.bucket}/{prefix}",
        "RESTIC_CACHE_DIR": str(scratch),
    }
    _run(["restic", "init", "-q"], env)
    return tuple(_timed(["restic", "backup", "-q", str(tree)], env) for _ in range(2))  # type: ignore[return-value]


def s5cmd_unchanged(tree: Path, access: S3Access, prefix: str) -> float:
    """Seconds of an `s5cmd sync` without a change."""
    argv = ["s5cmd", "--endpoint-url", access.endpoint, "--log", "error", "sync"]
    argv += [f"{tree}/", f"s3://{access.bucket}/{prefix}/"]
    _run(argv, _keys(access))
    return _timed(argv, _keys(access))


def _keys(access: S3Access) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": access.access_key, "AWS_SECRET_ACCESS_KEY": access.secret_key}
    return {**os.environ, **keys, "AWS_REGION": access.region}


def _timed(argv: list[str], env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    _run(argv, env)
    return time.perf_counter() - began


def _run(argv: list[str], env: Mapping[str, str]) -> None:
    run = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError(f"{argv[0]} failed: {(run.stderr or run.stdout)[-500:]}")


def _size(found: Mapping[str, float]) -> str:
    return f"{found['files']:,.0f} files, {found['bytes'] / 1e6:.0f} MB"
