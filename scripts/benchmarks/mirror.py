"""A whole folder's first mirror beside `rclone sync` and `s5cmd sync`, into the bundled store with fsync."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from monitor.adapters.s3_access import S3Access
from scripts.benchmarks.figures import Figure, beside
from scripts.benchmarks.trees import on_trees

ROUNDS = 3
QUICK = ("--transfers", "32", "--checkers", "32", "--s3-no-check-bucket")

Turn = Callable[[str], float]


def figures() -> Iterator[Figure]:
    """8,000 files / 120 MB and 300 files / 5 MB of real source, every file an object of its own."""
    yield from on_trees(beside_peers)


def beside_peers(tree: Path, base: Path, access: S3Access) -> list[Figure]:
    """Ours and the peers in turn, so that all meet the same machine; each turn under a prefix of its own."""
    turns: dict[str, Turn] = {"ours": ours(tree, base, access)}
    if shutil.which("rclone"):
        turns["rclone sync"] = rclone(tree, access)
    if shutil.which("s5cmd"):
        turns["s5cmd sync"] = s5cmd(tree, access)
    seen: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(ROUNDS):
        for name, turn in turns.items():
            os.sync()
            seen[name].append(turn(f"{name.partition(' ')[0]}-{tree.name}-{number}"))
    mine = seen.pop("ours")
    return beside(
        f"first mirror, {tree.name.removeprefix('tree-')} files", mine, {n: (s, 1.5) for n, s in seen.items()}
    )


def ours(tree: Path, base: Path, access: S3Access) -> Turn:
    """A process of its own, as the peers are; measured from its first look to its last object."""

    def turn(prefix: str) -> float:
        given = {**asdict(access), "folder": str(tree), "scratch": str(base / f"scratch-{prefix}"), "prefix": prefix}
        argv = [sys.executable, "-m", "scripts.benchmarks.mirror_child"]
        run = subprocess.run(argv, input=json.dumps(given), capture_output=True, text=True, check=False)
        if run.returncode:
            raise LookupError(f"mirroring failed: {run.stderr[-800:]}")
        return float(json.loads(run.stdout)["seconds"])

    return turn


def rclone(tree: Path, access: S3Access) -> Turn:
    keys = {"access_key_id": access.access_key, "secret_access_key": access.secret_key}
    options = {"type": "s3", "provider": "Other", "endpoint": access.endpoint, "region": access.region, **keys}
    env = {**os.environ, **{f"RCLONE_CONFIG_BENCH_{key.upper()}": value for key, value in options.items()}}
    return lambda prefix: _timed(["rclone", "sync", *QUICK, str(tree), f"bench:{access.bucket}/{prefix}"], env)


def s5cmd(tree: Path, access: S3Access) -> Turn:
    env = {**os.environ, "AWS_ACCESS_KEY_ID": access.access_key, "AWS_SECRET_ACCESS_KEY": access.secret_key}
    argv = ["s5cmd", "--endpoint-url", access.endpoint, "--log", "error", "sync", f"{tree}/"]
    return lambda prefix: _timed([*argv, f"s3://{access.bucket}/{prefix}/"], {**env, "AWS_REGION": access.region})


def _timed(argv: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    run = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError(f"{argv[0]} failed: {(run.stderr or run.stdout)[-500:]}")
    return time.perf_counter() - began
