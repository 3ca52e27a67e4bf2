"""What is remembered of a destination between runs; all of it may be lost, then graces begin anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monitor.domain.destinations import Waited
from monitor.ports.state_files import StateFiles


@dataclass(frozen=True, slots=True)
class Settled:
    """How a workspace was when all of it was compared and nothing was left to do: the key of its newest revision,
    what its names said, and when that was (wall clock, ns)."""

    newest: str
    names: str
    seen_ns: int


@dataclass(slots=True)
class Ledger:
    """`where` and `repository` are what this is about; times are wall-clock ns, None before the first time.

    `complete_ns`: all that was kept by then is there. `surplus`: how long each surplus object has waited.
    `confirmed`: workspaces whose held removals a person allowed (`replaced`: their other history).
    `settled`: those that were the same in both places.
    """

    where: str
    repository: str = ""
    complete_ns: int | None = None
    verified_ns: int | None = None
    surplus: dict[str, Waited] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    damaged: int = 0
    last: dict[str, Any] | None = None
    settled: dict[str, Settled] = field(default_factory=dict)


def load(files: StateFiles, name: str, where: str) -> Ledger:
    """What is remembered of `name`, if it still is the same place."""
    kept = files.read(_file(name))
    if not isinstance(kept, dict) or kept.get("where") != where:
        return Ledger(where)
    try:
        return Ledger(
            where,
            str(kept["repository"]),
            _moment(kept["complete_ns"]),
            _moment(kept["verified_ns"]),
            {str(key): Waited(int(seen), int(passed)) for key, (seen, passed) in kept["surplus"].items()},
            {str(name) for name in kept["confirmed"]},
            int(kept["damaged"]),
            kept["last"] if isinstance(kept["last"], dict) else None,
            {str(name): Settled(str(n), str(d), int(at)) for name, (n, d, at) in kept.get("settled", {}).items()},
        )
    except (TypeError, KeyError, ValueError, AttributeError):
        return Ledger(where)


def save(files: StateFiles, name: str, ledger: Ledger) -> None:
    """Raises `SlipwayError` where the disk is full."""
    files.write(
        _file(name),
        {
            "where": ledger.where,
            "repository": ledger.repository,
            "complete_ns": ledger.complete_ns,
            "verified_ns": ledger.verified_ns,
            "surplus": {key: [one.seen_ns, one.waited_ns] for key, one in ledger.surplus.items()},
            "confirmed": sorted(ledger.confirmed),
            "damaged": ledger.damaged,
            "last": ledger.last,
            "settled": {name: [one.newest, one.names, one.seen_ns] for name, one in ledger.settled.items()},
        },
    )


def _file(name: str) -> str:
    return f"destinations/{name}.json"


def _moment(value: Any) -> int | None:
    return None if value is None else int(value)
