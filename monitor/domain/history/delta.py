"""The algebra of states: base and difference make a state, two states a difference; and when a base is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.domain.history.entry import Entry
from monitor.domain.history.errors import BadObject
from monitor.domain.history.revision import Header, Revision
from monitor.domain.tree import Kind

LEAST_DELTA = 64 * 1024


def state_of(base: Mapping[str, Entry], revision: Revision) -> dict[str, Entry]:
    """What stood on disk at `revision`, by path: `base` must be the one its header names.

    Raises `BadObject` where a path would lie below one that is no folder.
    """
    state = applied(base, revision.changed, revision.removed)
    check_places(state)
    return state


def applied(base: Mapping[str, Entry], changed: Mapping[str, Entry], removed: Iterable[str]) -> dict[str, Entry]:
    """Base entries, plus what was set, minus what was removed."""
    state = {**base, **changed}
    for path in removed:
        state.pop(path, None)
    return state


def delta(base: Mapping[str, Entry], state: Mapping[str, Entry]) -> tuple[dict[str, Entry], frozenset[str]]:
    """What `applied` needs to turn `base` into `state`."""
    # Most entries are the very same object: comparing them field by field would take ten times as long.
    changed = {p: e for p, e in state.items() if (old := base.get(p)) is not e and old != e}
    return changed, frozenset(base.keys() - state.keys())


def base_due(base_bytes: int, delta_bytes: int) -> bool:
    """A new base is written when the revisions since the last one add up to more than it, and to 64 KiB at least."""
    return delta_bytes > max(base_bytes, LEAST_DELTA)


def delta_bytes_after(header: Header, size: int) -> int:
    """What the next revision on the same base has as `delta_bytes`; `size` is this revision's object's."""
    return header.delta_bytes + size


def check_places(state: Mapping[str, Entry]) -> None:
    """Raise `BadObject` where something lies below a file or a link, as no disk could hold it."""
    folders: set[str] = set()
    for path in state:
        above = path.rpartition("/")[0]
        while above and above not in folders:
            folders.add(above)
            above = above.rpartition("/")[0]
    for path in folders & state.keys():
        raise BadObject(f"{path[:80]!r} is listed as a {state[path].kind}, and something lies below it.")


def totals(state: Mapping[str, Entry]) -> tuple[int, int]:
    """How many files, and their bytes."""
    sizes = [entry.size for entry in state.values() if entry.kind is Kind.FILE]
    return len(sizes), sum(sizes)
