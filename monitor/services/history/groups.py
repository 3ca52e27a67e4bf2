"""One failure out of a task group's many."""

from __future__ import annotations

from monitor.errors import SlipwayError


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one a person is told: a mistake of ours before anything that was foreseen."""
    leaves = [first_of(e) if isinstance(e, BaseExceptionGroup) else e for e in group.exceptions]
    return next((e for e in leaves if not isinstance(e, SlipwayError)), leaves[0])
