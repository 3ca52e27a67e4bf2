"""The bucket's lifecycle rules: ours merged by id, and whose would eat what we keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NONCURRENT_DAYS = 30
_OURS = "slipway-"


def our_rules(prefix: str) -> list[dict[str, Any]]:
    """Replaced versions go after 30 days, delete markers once nothing is behind them; under `prefix` only."""
    scope = f"{prefix}/" if prefix else ""
    suffix = f"-{prefix}" if prefix else ""
    return [
        {
            "ID": f"{_OURS}old-versions{suffix}",
            "Status": "Enabled",
            "Filter": {"Prefix": scope},
            "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        },
        {
            "ID": f"{_OURS}lone-markers{suffix}",
            "Status": "Enabled",
            "Filter": {"Prefix": scope},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    ]


def merged(there: list[Any], prefix: str) -> list[Any]:
    """`there` with our rules put in by id; every other rule stays as it is, and in its place."""
    ours = {rule["ID"]: rule for rule in our_rules(prefix)}
    kept = [ours.pop(rule.get("ID", ""), rule) for rule in there]
    return kept + list(ours.values())


def endangering(rules: Iterable[Any], prefix: str) -> tuple[str, ...]:
    """A sentence for each enabled rule of somebody else's that would delete or move what we keep."""
    own = {rule["ID"] for rule in our_rules(prefix)}
    scope = f"{prefix}/" if prefix else ""
    return tuple(
        f"The bucket's lifecycle rule {rule.get('ID', '(unnamed)')!r} {deed}: what is kept would be lost. "
        f"Limit it to another prefix."
        for rule in rules
        if rule.get("Status") == "Enabled" and rule.get("ID") not in own and _touches(rule, scope)
        for deed in _deeds(rule)
    )


def _touches(rule: Any, scope: str) -> bool:
    """Whether the rule's prefix and ours overlap; tags and sizes only narrow a rule, and are not trusted to."""
    where = rule.get("Filter", {})
    theirs = rule.get("Prefix") or where.get("Prefix") or where.get("And", {}).get("Prefix") or ""
    return bool(theirs.startswith(scope) or scope.startswith(theirs))


def _deeds(rule: Any) -> list[str]:
    deeds = []
    expiration = rule.get("Expiration", {})
    if expiration.get("Days"):
        deeds.append(f"deletes objects after {expiration['Days']} days")
    if expiration.get("Date"):
        deeds.append(f"deletes objects on {expiration['Date']}")
    if rule.get("Transitions"):
        deeds.append("moves objects to a storage class that may not answer at once")
    return deeds
