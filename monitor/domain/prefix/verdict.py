"""Whether a workspace really lives under its prefix, in a sentence, with what failed and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset as a browser gets it: `path` is where it was asked for, `problem` why it is not good, "" if it is.

    `strayed`: it was asked for outside the prefix and sent home by its Referer.
    """

    path: str
    problem: str = ""
    strayed: bool = False


@dataclass(frozen=True, slots=True)
class PrefixVerdict:
    """What was measured of the first page; the state's `prefix` field.

    `ok` is None where there is nothing to judge. `failed` are at most `SHOWN` sentences. `hop`: its answers are put
    right on the way. `told`: how the app knows its prefix.
    """

    text: str
    ok: bool | None = None
    assets: int = 0
    good: int = 0
    strayed: int = 0
    failed: tuple[str, ...] = ()
    hop: bool = False
    told: str = ""
    hint: str = ""


def judged(
    prefix: str, assets: Sequence[Asset], *, capped: bool, hop: bool, told: str, host_url: str
) -> PrefixVerdict:
    """The verdict on a first page that answered, from its assets."""
    bad = [asset for asset in assets if asset.problem]
    strayed = sum(asset.strayed for asset in assets if not asset.problem)
    good = len(assets) - len(bad)
    first = " first" if capped else ""
    text = f"{good} of{first} {len(assets)} assets under {prefix}/" if assets else f"answers under {prefix}/"
    return PrefixVerdict(
        text=text if not strayed else f"{text}, {strayed} by a redirect",
        ok=not bad,
        assets=len(assets),
        good=good,
        strayed=strayed,
        failed=tuple(f"{asset.path}: {asset.problem}" for asset in bad[:SHOWN]),
        hop=hop,
        told=told,
        hint=_hint(bad, host_url),
    )


def unanswered(prefix: str, problem: str, *, told: str, host_url: str, hop: bool) -> PrefixVerdict:
    """The verdict where the first page itself is not there; an API without one is no failure."""
    return PrefixVerdict(
        text=f"the first page, {prefix}/, {problem}", ok=None, hop=hop, told=told, hint=f"its own address: {host_url}"
    )


def _hint(bad: Sequence[Asset], host_url: str) -> str:
    if not bad:
        return ""
    return f"if these are there without a prefix, use its own address: {host_url}"
