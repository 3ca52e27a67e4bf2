"""Bringing files of a commit into a restore's stage; what must not become a file is named instead."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.domain.git.leaf import Leaf, Leaves, refusal
from monitor.domain.restoring.plan import shown
from monitor.ports.placing import Bytes, Link, Stage
from monitor.services.git.means import Contents, Means, contents_of

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Checkout:
    """What of a commit can become files: `leaves`; `refused` says of the others why not."""

    leaves: Leaves
    refused: dict[str, str]
    contents: Contents

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for people about what is not as the remote has it."""
        found = [f"left out: {shown(path)} ({why})" for path, why in sorted(self.refused.items())]
        found += [f"only a Git LFS pointer, not its content: {shown(path)}" for path in self.contents.pointers]
        more = len(found) - SHOWN
        return (*found[:SHOWN], *([f"and {more} more"] if more > 0 else []))


async def checkout_of(means: Means, clone: str, leaves: Leaves) -> Checkout:
    """Sort out what may not become a file, reading the rest."""
    refused = {path: why for path, leaf in leaves.items() if (why := refusal(path, leaf))}
    contents = await contents_of(means, clone, {p: leaf for p, leaf in leaves.items() if p not in refused})
    refused |= contents.refused
    return Checkout({p: leaf for p, leaf in leaves.items() if p not in refused}, refused, contents)


async def stage_files(means: Means, clone: str, stage: Stage, leaves: Leaves, paths: Sequence[str]) -> None:
    """Write these paths of the commit into the stage, all of them new files of now."""
    now_ns = means.clock.wall_ns()
    links = [path for path in paths if leaves[path].is_link]
    targets = await means.git.contents(clone, [leaves[path].id for path in links])
    await stage.furnish([], [Link(path, os.fsdecode(targets[leaves[path].id]), now_ns) for path in links])
    plain = [(path, leaves[path]) for path in paths if leaves[path].is_file]
    await stage.write(_read(means, clone, plain, now_ns))


def _read(means: Means, clone: str, files: Sequence[tuple[str, Leaf]], now_ns: int) -> Iterator[Bytes]:
    """Iterated in the stage's own worker: one file is in memory at a time."""
    with means.git.opened(clone) as blobs:
        for path, leaf in files:
            yield Bytes(path, leaf.permissions, now_ns, blobs.read(leaf.id))
