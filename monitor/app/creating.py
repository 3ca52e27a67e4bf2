"""What makes new workspaces, joined to the rest."""

from __future__ import annotations

from contextlib import AsyncExitStack

from monitor.adapters.unpacking.landing import DiskLanding
from monitor.app.templates import shipped_templates
from monitor.ports.clock import Clock
from monitor.services.creating import Creating
from monitor.services.past.past import Past
from monitor.services.reconciler import Reconciler
from monitor.services.registry import Registry
from monitor.settings import Settings


def creating_of(
    settings: Settings, past: Past, reconciler: Reconciler, registry: Registry, clock: Clock, stack: AsyncExitStack
) -> Creating:
    """`stack` ends its workers."""
    landing = DiskLanding()
    stack.callback(landing.close)
    return Creating(
        root=settings.workspaces,
        landing=landing,
        clock=clock,
        folders=past.reading.folders,
        look=reconciler.look,
        known=registry.get,
        templates=shipped_templates(),
        acting=past.acting,
    )
