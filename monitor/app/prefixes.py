"""Joins the keepers, who know what serves, with whoever measures it from outside, and both with what is shown."""

from __future__ import annotations

from collections.abc import Callable

from monitor.app.hands import addresses
from monitor.domain.prefix.verdict import PrefixVerdict
from monitor.services.prefixes import Prefixes, Wish
from monitor.services.registry import Registry
from monitor.services.survey import Look
from monitor.settings import Settings


def measures(prefixes: Prefixes, settings: Settings) -> Callable[[str, Look | None, str], None]:
    """What a keeper tells of its workspace at rest becomes a wish to measure it, or the end of one."""

    def serves(name: str, look: Look | None, state: str) -> None:
        if look is None or look.spec is None:
            prefixes.forget(name)
        else:
            prefixes.offer(name, Wish(look.spec, state, addresses(settings, name)["host_url"], look.told))

    return serves


def shows_prefix(registry: Registry) -> Callable[[str, PrefixVerdict], None]:
    """A verdict goes into the workspace's state, while there is one."""

    def show(name: str, verdict: PrefixVerdict) -> None:
        if registry.get(name) is not None:
            registry.update(name, prefix=verdict)

    return show
