"""The name of a new workspace: what is wrong with one, and the nearest that is free."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

from monitor.domain.workspace import NAME, RESERVED, name_of
from monitor.errors import Conflict, UsageError

LONGEST = 40
_FALLBACK = "workspace"


def checked_new_name(name: str, taken: Collection[str]) -> str:
    """`name`, if a new workspace may have it; the hint of every refusal names one that is free.

    Raises `UsageError` for what cannot be a name, `Conflict` for one that is taken.
    """
    hint = f"'{suggested(name, taken)}' is free"
    if not name:
        raise UsageError("a workspace needs a name", hint=hint)
    if not NAME.match(name):
        raise UsageError(f"{name[:60]!r} cannot be a workspace's name: {why_not(name)}", hint=hint, reason="name")
    if name in RESERVED:
        raise UsageError(f"the name '{name}' is reserved", hint=hint, reason="name")
    if name in taken:
        raise Conflict(f"there is a workspace '{name}' already", hint=hint, reason="name-taken")
    return name


def suggested(wish: str, taken: Collection[str]) -> str:
    """The nearest name to `wish` that is free: `My App!` → `my-app`, or `my-app-2` where that is taken."""
    shortened = re.sub(r"[^a-z0-9]+", "-", wish.lower()).strip("-")[:LONGEST].strip("-")
    base = name_of(shortened) or _FALLBACK
    if base in RESERVED:
        base = f"{base}-{_FALLBACK}".strip("-")
    if base not in taken:
        return base
    endings = (f"-{number}" for number in count(2))
    numbered = (base[: LONGEST - len(ending)].rstrip("-") + ending for ending in endings)
    return next(name for name in numbered if name not in taken)


def why_not(name: str) -> str:
    """The sentence for what `NAME` does not match."""
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, at most {LONGEST} are allowed"
    if wrong := sorted(set(re.findall(r"[^a-z0-9-]", name))):
        return f"it has {' '.join(map(repr, wrong[:5]))}; only a-z, 0-9 and - are allowed"
    return "it begins or ends with -"
