"""A figure: what was measured, ours, the peer's, and the target it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
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

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def line(self) -> str:
        beside = f"{self.peer_name} {self.peer:.3g} {self.unit}" if self.peer is not None else "–"
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        note = f"  ({self.note})" if self.note else ""
        return f"{self.name:<48} {self.ours:>9.3g} {self.unit:<5} {beside:<34} {self.target:<22} {verdict}{note}"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
