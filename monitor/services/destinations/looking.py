"""What a place holds: its workspaces, and of each the objects of its history."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain import keys
from monitor.domain.destinations import Holding, Part, prefix_of
from monitor.domain.history.repository import read_format
from monitor.domain.streams import is_stream, workspace_of
from monitor.errors import NotFound
from monitor.ports.store import NoSuchKey, Store

# Against the order of writing: all that a listed revision needs is then listed as well.
_ORDER = tuple(reversed(Part))


async def repository(store: Store) -> str | None:
    """The id of the history kept there, None where there is none; raises `UnknownFormat` and `BadObject`."""
    try:
        return read_format(await store.get(keys.format_key("")))
    except NoSuchKey:
        return None


async def workspaces(store: Store) -> list[str]:
    """Every workspace that has a history there, by name; a few requests for each."""
    names: list[str] = []
    after = ""
    while (key := await _first(store, "", after)) is not None:
        name, slash, _ = key.partition("/")
        if slash and is_stream(name) and await _has_history(store, name):
            names.append(name)
        # The character after `/`: the next key that does not lie in this folder.
        after = f"{name}0" if slash else key
    return sorted(names)


async def known(store: Store, names: Sequence[str] = ()) -> list[str]:
    """Those of `names`, with their data (all where none is given); raises `NotFound` for one that has no history."""
    found = await workspaces(store)
    if missing := sorted(set(names) - set(found)):
        raise NotFound(f"Nothing is kept of {', '.join(missing)}.", hint=f"Kept are: {', '.join(found) or 'none'}.")
    return [name for name in found if not names or name in names or workspace_of(name) in names]


async def holding(store: Store, workspace: str) -> Holding:
    """What is there of one workspace: four listings."""
    return Holding({part: await _part(store, part, workspace) for part in _ORDER})


async def _part(store: Store, part: Part, workspace: str) -> dict[str, int]:
    prefix = prefix_of(part, workspace)
    return {one.key: one.size async for one in store.list(prefix) if _proper(part, one.key.removeprefix(prefix))}


async def _has_history(store: Store, name: str) -> bool:
    for part in (Part.REVISIONS, Part.PACKS):
        prefix = prefix_of(part, name)
        async for one in store.list(prefix):
            if _proper(part, one.key.removeprefix(prefix)):
                return True
    return False


async def _first(store: Store, prefix: str, after: str = "") -> str | None:
    async for found in store.list(prefix, after=after):
        return found.key
    return None


def _proper(part: Part, last: str) -> bool:
    """False for what somebody else put there: it is neither copied nor removed."""
    if part is Part.NAMES:
        return "/" not in last
    if part is Part.REVISIONS:
        return len(last) == keys.SEQ_DIGITS and not set(last) - set("0123456789")
    return len(last) == 64 and not set(last) - set("0123456789abcdef")
