"""What the face of Slipway is given: the services behind every page, answer and command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from monitor.domain.floors import Finding
from monitor.ports.audit import Audit, Unwritten
from monitor.ports.meter import Meter, Unmeasured
from monitor.services.access import Access
from monitor.services.creating import Creating
from monitor.services.data.data import Data
from monitor.services.desk import Desk
from monitor.services.destinations.backups import Backups
from monitor.services.git.following import Following
from monitor.services.insight.insight import Insight
from monitor.services.jobs import Jobs
from monitor.services.past.past import Past
from monitor.services.registry import Registry
from monitor.services.restore.restoring import Restoring
from monitor.services.running.running import Running
from monitor.services.writing import Writes


@dataclass(frozen=True, slots=True)
class Oversight:
    """Who did what, and how much of everything there was: `render()` gives the metrics as Prometheus reads them,
    `examine()` what doctor finds on this machine."""

    audit: Audit = field(default_factory=Unwritten)
    meter: Meter = field(default_factory=Unmeasured)
    render: Callable[[], bytes] = bytes
    examine: Callable[[], Awaitable[list[Finding]]] | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """One value for both doors (the dashboard's port and the control socket).

    `log_lines(n)` gives the monitor's own last log lines; `workspaces_url` is where people see the workspaces.
    """

    desk: Desk
    jobs: Jobs
    registry: Registry
    access: Access
    log_lines: Callable[[int], list[str]]
    workspaces_url: str
    backups: Backups | None = None
    restoring: Restoring | None = None
    past: Past | None = None
    oversight: Oversight = field(default_factory=Oversight)
    running: Running | None = None
    writes: Writes | None = None
    insight: Insight | None = None
    creating: Creating | None = None
    git: Following | None = None
    data: Data | None = None
