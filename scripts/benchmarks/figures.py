"""A figure: what was measured, ours, the peer's, and the target it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `peer` in `unit` (median of the rounds); `met` is None where there is no target."""

    name: str
    ours: float
    unit: str
    peer_name: str = ""
    peer: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times ours fits into the peer's."""
        return self.peer / self.ours if self.peer is not None and self.ours else None

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio}

    def line(self) -> str:
        beside = f"{self.peer_name} {self.peer:.3g} {self.unit}" if self.peer is not None else "–"
        ratio = f"{self.ratio:.2f} ×" if self.ratio is not None else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        note = f"  ({self.note})" if self.note else ""
        ours = f"{self.name:<44} {self.ours:>9.3g} {self.unit:<3}"
        return f"{ours} {beside:<34} {ratio:>8}  {self.target:<16} {verdict}{note}".rstrip()


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def beside(
    name: str, ours: Sequence[float], peers: Mapping[str, tuple[Sequence[float], float]], note: str = ""
) -> list[Figure]:
    """Seconds of ours against each peer's (its rounds, and how many times faster ours is to be)."""
    mine, found = median(ours), []
    for peer, (rounds, factor) in peers.items():
        theirs = median(rounds)
        met = theirs >= factor * mine
        found.append(Figure(name, mine, "s", peer, theirs, f"≥ {factor:g} × faster", met, note))
    return found or [Figure(name, mine, "s", note=note)]
