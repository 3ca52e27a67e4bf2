"""A whole workspace restored beside `restic restore` and `rclone copy --s3-version-at`, bytes compared after each."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import boto3

from monitor.adapters.s3_access import S3Access
from scripts.benchmarks.figures import Figure, median
from scripts.benchmarks.figures import beside as beside_of
from scripts.benchmarks.trees import on_trees

ROUNDS = 3


@dataclass(slots=True)
class Seen:
    """Seconds of each round, and our own process's whole time and memory."""

    ours: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    restic: list[float] = field(default_factory=list)
    rclone: list[float] = field(default_factory=list)


def figures() -> Iterator[Figure]:
    """8,000 files / 120 MB and 300 files / 5 MB into an empty workspace, safety revision and fsync included."""
    yield from on_trees(beside_peers)


def beside_peers(tree: Path, base: Path, access: S3Access) -> list[Figure]:
    """Ours and the peers in turn, so that all meet the same machine."""
    seen = Seen()
    ours = ours_at(tree, base, access, seen)
    restic = restic_at(tree, base, access, seen) if shutil.which("restic") else None
    rclone = rclone_at(tree, base, access, seen) if shutil.which("rclone") else None
    for _ in range(ROUNDS):
        for restore in filter(None, (ours, restic, rclone)):
            restore()
    files = tree.name.removeprefix("tree-")
    note = f"own process from start to end {median(seen.process):.2f} s, peak {max(seen.peak_mb):.0f} MB"
    peers: list[tuple[str, list[float], float]] = [
        ("restic restore", seen.restic, 2),
        ("rclone --s3-version-at", seen.rclone, 5),
    ]
    met = {name: (times, factor) for name, times, factor in peers if times}
    return beside_of(f"restore, {files} files", seen.ours, met, note)


def ours_at(tree: Path, base: Path, access: S3Access, seen: Seen) -> Callable[[], None]:
    root, folder = base / "workspaces", base / "workspaces" / "bench"
    shutil.copytree(tree, folder)
    given = {**asdict(access), "root": str(root), "scratch": str(base / "scratch"), "prefix": f"ours-{base.name}"}
    _child({**given, "job": "keep"})

    def restore() -> None:
        for item in folder.iterdir():
            shutil.rmtree(item)
        os.sync()
        began = time.perf_counter()
        answer = _child({**given, "job": "restore"})
        seen.process.append(time.perf_counter() - began)
        seen.ours.append(answer["seconds"])
        seen.peak_mb.append(answer["peak_mb"])
        compare(tree, folder)

    return restore


def restic_at(tree: Path, base: Path, access: S3Access, seen: Seen) -> Callable[[], None]:
    env = {
        **_keys(access),
        "RESTIC_PASSWORD": "bench",
        "RESTIC_REPOSITORY": f"s3:{access.endpoint}/{access.bucket}/restic-{base.name}",
        "RESTIC_CACHE_DIR": str(base / "restic-cache"),
    }
    _timed(["restic", "init", "-q"], env)
    _timed(["restic", "backup", "-q", str(tree)], env)

    def restore() -> None:
        target = base / "restic"
        shutil.rmtree(target, ignore_errors=True)
        os.sync()
        seen.restic.append(_timed(["restic", "restore", "-q", "latest", "--target", str(target)], env))
        compare(tree, target / tree.relative_to("/"))

    return restore


def rclone_at(tree: Path, base: Path, access: S3Access, seen: Seen) -> Callable[[], None]:
    keys = {"access_key_id": access.access_key, "secret_access_key": access.secret_key}
    options = {"type": "s3", "provider": "Other", "endpoint": access.endpoint, "region": access.region, **keys}
    env = {**os.environ, **{f"RCLONE_CONFIG_BENCH_{key.upper()}": value for key, value in options.items()}}
    bucket = f"rclone-{base.name}"
    client = boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
    )
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.close()
    quick = ["--transfers", "16", "--checkers", "16"]
    _timed(["rclone", "sync", *quick, str(tree), f"bench:{bucket}"], env)
    time.sleep(2)  # versions are told apart by seconds
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def restore() -> None:
        target = base / "rclone"
        shutil.rmtree(target, ignore_errors=True)
        os.sync()
        argv = ["rclone", "copy", *quick, "--s3-version-at", moment, f"bench:{bucket}", str(target)]
        seen.rclone.append(_timed(argv, env))
        compare(tree, target)

    return restore


def compare(one: Path, other: Path) -> None:
    """Both hold the same files with the same bytes; raises `LookupError`."""
    names = sorted(str(p.relative_to(one)) for p in one.rglob("*") if p.is_file())
    there = sorted(str(p.relative_to(other)) for p in other.rglob("*") if p.is_file())
    _, different, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    if different or missing or names != there:
        raise LookupError(f"what was restored to {other} is not what was kept")


def _child(given: Mapping[str, object]) -> dict[str, float]:
    argv = [sys.executable, "-m", "scripts.benchmarks.restore_child"]
    run = subprocess.run(argv, input=json.dumps(given), capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError(f"restoring failed: {run.stderr[-800:]}")
    answer: dict[str, float] = json.loads(run.stdout)
    return answer


def _keys(access: S3Access) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": access.access_key, "AWS_SECRET_ACCESS_KEY": access.secret_key}
    return {**os.environ, **keys, "AWS_REGION": access.region}


def _timed(argv: list[str], env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    run = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError(f"{argv[0]} failed: {(run.stderr or run.stdout)[-500:]}")
    return time.perf_counter() - began
