"""Which revisions stay, and why.

Ages are counted back from the newest revision, by what the revisions themselves say of time: a clock that jumps
ahead makes nothing old by itself, and one that jumps back makes everything younger. What goes is decided anew at
least a day later before it is removed (`garbage`), so that a jump of a day that is set right removes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from monitor.domain.durations import span
from monitor.domain.history.losses import is_piece
from monitor.domain.history.revision import MASS_DELETE, Why
from monitor.domain.moments import NS
from monitor.domain.retention_policy import Policy

SAFETY = frozenset({Why.BEFORE_RESTORE, Why.DISPLACED, Why.BEFORE_RUN})
LOSSES = frozenset({Why.DELETED, Why.MASS_DELETE})


@dataclass(frozen=True, slots=True)
class Named:
    """A snapshot's name on a revision; `expires_ns` None: it never expires."""

    name: str
    expires_ns: int | None = None

    def expired(self, now_ns: int) -> bool:
        return self.expires_ns is not None and self.expires_ns <= now_ns


@dataclass(frozen=True, slots=True)
class Candidate:
    """One revision as retention sees it: `files` it holds, `objects` it needs (keys), for the limit on size."""

    seq: int
    time_ns: int
    kind: str = Why.CHANGE
    flags: tuple[str, ...] = ()
    names: tuple[Named, ...] = ()
    objects: frozenset[str] = frozenset()
    files: int = 0

    @property
    def is_loss(self) -> bool:
        """The workspace, or most of it, was gone."""
        return self.kind in LOSSES or MASS_DELETE in self.flags


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a revision stays, and every reason for it (of one that goes: what it would have needed)."""

    seq: int
    time_ns: int
    keep: bool
    reasons: tuple[str, ...]

    def as_line(self) -> str:
        """`keep    12  2024-01-15 10:30:00Z  the newest; ...`"""
        word = "keep" if self.keep else "remove"
        return f"{word:<6} {self.seq:>6}  {_utc(self.time_ns):%Y-%m-%d %H:%M:%S}Z  {'; '.join(self.reasons)}"


@dataclass(slots=True)
class _Ledger:
    """The reasons so far: `firm` ones no limit touches, and `soft` ones; `cut` is why a limit took a soft one."""

    firm: dict[int, list[str]] = field(default_factory=dict)
    soft: dict[int, list[str]] = field(default_factory=dict)
    cut: dict[int, str] = field(default_factory=dict)
    holders: dict[str, int] = field(default_factory=dict)

    def stays(self, seq: int) -> bool:
        return seq in self.firm or (seq in self.soft and seq not in self.cut)


def decide(
    revisions: Iterable[Candidate],
    policy: Policy,
    now_ns: int,
    *,
    sizes: Mapping[str, int] | None = None,
    confirmed: int = 0,
) -> tuple[Decision, ...]:
    """One decision per revision, by seq.

    `sizes` are the bytes of the candidates' `objects`. Mass deletions up to the seq `confirmed` were confirmed by a
    person; before any later one, unless a restore followed it, everything waits.
    """
    ordered = sorted(revisions, key=lambda r: r.seq)
    if not ordered:
        return ()
    at_ns = min(now_ns, ordered[-1].time_ns)
    ledger = _Ledger()
    _protect(ledger, ordered, now_ns, confirmed)
    _rules(ledger, ordered, policy, at_ns)
    _before_losses(ledger, ordered)
    _limits(ledger, ordered, policy, now_ns, sizes or {})
    return tuple(_decision(ledger, one, policy, at_ns) for one in ordered)


def unconfirmed(revisions: Iterable[Candidate], confirmed: int = 0) -> int | None:
    """The newest mass deletion nobody has answered, by confirming it or by a restore."""
    found: int | None = None
    for one in sorted(revisions, key=lambda r: r.seq):
        if one.kind == Why.RESTORE:
            found = None
        elif (one.kind == Why.MASS_DELETE or MASS_DELETE in one.flags) and one.seq > confirmed:
            found = one.seq
    return found


def _protect(ledger: _Ledger, ordered: Sequence[Candidate], now_ns: int, confirmed: int) -> None:
    waits = unconfirmed(ordered, confirmed)
    for one in ordered:
        reasons = [_named(name) for name in one.names if not name.expired(now_ns)]
        if one is ordered[-1]:
            reasons.insert(0, "the newest")
        if waits is not None and one.seq <= waits:
            reasons.append(f"most files were gone at once in revision {waits}, and nobody has confirmed that")
        if reasons:
            ledger.firm[one.seq] = reasons


def _named(name: Named) -> str:
    until = f", until {_utc(name.expires_ns):%Y-%m-%d %H:%M}Z" if name.expires_ns is not None else ""
    return f"named {name.name}{until}"


def _rules(ledger: _Ledger, ordered: Sequence[Candidate], policy: Policy, at_ns: int) -> None:
    for one in reversed(ordered):
        age = (at_ns - one.time_ns) / NS
        if age < policy.all:
            _soft(ledger, one.seq, f"within {span(policy.all)} of the newest")
        if one.kind in SAFETY and age < policy.safety:
            _soft(ledger, one.seq, f"{one.kind}, kept for {span(policy.safety)}")
        for rule, unit, label in PERIODS:
            period = f"{unit} {label(_utc(one.time_ns))}"
            if age < getattr(policy, rule) and ledger.holders.setdefault(period, one.seq) == one.seq:
                _soft(ledger, one.seq, f"last of the {period}")


def _soft(ledger: _Ledger, seq: int, reason: str) -> None:
    ledger.soft.setdefault(seq, []).append(reason)


def _before_losses(ledger: _Ledger, ordered: Sequence[Candidate]) -> None:
    """What stood before a loss stays as long as the loss does; from the newest back, so that losses in a row hold.

    So does what stood before each piece of it: a slow deletion is no reason to keep half a workspace.
    """
    lost = firm = False
    after = ordered[-1]
    for before, one in zip(reversed(ordered[:-1]), reversed(ordered[1:]), strict=True):
        gone = one.is_loss or (lost and is_piece(before, one, after))
        lost, after = gone and ledger.stays(one.seq), one
        firm = lost and one.seq in ledger.firm and (one.is_loss or firm)
        if lost:
            side = ledger.firm if firm else ledger.soft
            kind = one.kind if one.is_loss else "a piece of a loss"
            side.setdefault(before.seq, []).append(f"the last before revision {one.seq} ({kind})")


def _limits(
    ledger: _Ledger, ordered: Sequence[Candidate], policy: Policy, now_ns: int, sizes: Mapping[str, int]
) -> None:
    loose = [one for one in ordered if one.seq in ledger.soft and one.seq not in ledger.firm]
    for one in loose:
        if policy.ttl is not None and (now_ns - one.time_ns) / NS >= policy.ttl:
            ledger.cut[one.seq] = f"older than the limit of {span(policy.ttl)}"
    loose = [one for one in loose if one.seq not in ledger.cut]
    staying = [one for one in ordered if ledger.stays(one.seq)]
    if policy.max_count is not None:
        beyond = max(0, len(staying) - policy.max_count)
        for one in loose[:beyond]:
            ledger.cut[one.seq] = f"more than {policy.max_count} would stay, and the oldest go first"
        loose = loose[beyond:]
    if policy.max_bytes is not None:
        staying = [one for one in ordered if ledger.stays(one.seq)]
        _size(ledger, staying, loose, policy.max_bytes, sizes)


def _size(
    ledger: _Ledger, staying: Iterable[Candidate], loose: Iterable[Candidate], most: int, sizes: Mapping[str, int]
) -> None:
    """Take the oldest until what the others need fits; an object shared with one that stays frees nothing."""
    uses = Counter(name for one in staying for name in one.objects)
    total = sum(sizes.get(name, 0) for name in uses)
    for one in loose:
        if total <= most:
            return
        ledger.cut[one.seq] = f"more than {most} bytes would stay, and the oldest go first"
        uses.subtract(one.objects)
        total -= sum(sizes.get(name, 0) for name in one.objects if uses[name] == 0)


def _decision(ledger: _Ledger, one: Candidate, policy: Policy, at_ns: int) -> Decision:
    if ledger.stays(one.seq):
        reasons = ledger.firm.get(one.seq, []) + ledger.soft.get(one.seq, [])
        return Decision(one.seq, one.time_ns, True, tuple(reasons))
    expired = tuple(f"its name {name.name} has expired" for name in one.names)
    why = ledger.cut.get(one.seq) or _no_rule(ledger, one, policy, at_ns)
    return Decision(one.seq, one.time_ns, False, (*expired, why))


def _no_rule(ledger: _Ledger, one: Candidate, policy: Policy, at_ns: int) -> str:
    age = (at_ns - one.time_ns) // NS
    for rule, unit, label in PERIODS:
        if age < getattr(policy, rule):
            period = f"{unit} {label(_utc(one.time_ns))}"
            return f"{span(age)} before the newest, and revision {ledger.holders[period]} is the last of the {period}"
    return f"{span(age)} before the newest: older than every rule"


def _utc(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // NS, UTC)


Label = Callable[[datetime], str]
PERIODS: tuple[tuple[str, str, Label], ...] = (
    ("hourly", "hour", lambda t: f"{t:%Y-%m-%d %H}h"),
    ("daily", "day", lambda t: f"{t:%Y-%m-%d}"),
    ("weekly", "week", lambda t: "{}-W{:02}".format(*t.isocalendar()[:2])),
    ("monthly", "month", lambda t: f"{t:%Y-%m}"),
    ("yearly", "year", lambda t: f"{t:%Y}"),
)
