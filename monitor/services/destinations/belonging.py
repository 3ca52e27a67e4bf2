"""Whether primary and destination belong together: one history's id in both, and neither swapped nor emptied."""

from __future__ import annotations

from monitor.domain import keys
from monitor.domain.destinations import Terms
from monitor.errors import Conflict
from monitor.ports.store import Store
from monitor.services.destinations.copying import written
from monitor.services.destinations.looking import repository


async def belonging(source: Store, there: Store, terms: Terms, known: str, *, start_over: bool = False) -> str:
    """The history's id. `known` is the one that was copied there before, "" where nothing was.

    Raises `Conflict` where the primary holds nothing, the place another history, or nothing any more (an unmounted
    share looks like that, and is not filled up unless `start_over`).
    """
    ours, theirs = await repository(source), await repository(there)
    if ours is None:
        raise _nothing_here(terms.name, theirs)
    if theirs not in {None, ours}:
        raise Conflict(
            f"Destination {terms.name} holds another history ({theirs}) than the primary ({ours}).",
            hint="Give it a folder or prefix of its own. If the primary was lost and begun anew: "
            f"`slipway backup seed {terms.name}` brings the old history back into an empty one.",
        )
    if theirs is None and known == ours and not start_over:
        raise Conflict(
            f"Destination {terms.name} was filled before and is empty now: {terms.where}",
            hint=f"Is it mounted? If it shall really begin anew: `slipway backup run {terms.name} --start-over`.",
        )
    return ours


async def introduce(source: Store, there: Store) -> None:
    """Write `FORMAT`, the first object of all, where it is missing."""
    if await repository(there) is None:
        await written(there, keys.format_key(""), await source.get(keys.format_key("")))


def _nothing_here(name: str, theirs: str | None) -> Conflict:
    if theirs is None:
        return Conflict(
            "Nothing is kept yet, so there is nothing to copy.", hint="Drop a folder into the workspaces."
        )
    return Conflict(
        "The primary holds no history, the destination does.",
        hint=f"Was the primary lost? `slipway backup seed {name}` brings it back from there.",
    )
