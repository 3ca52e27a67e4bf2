"""Looking closely, wired: which engine is seen how."""

from __future__ import annotations

from monitor.adapters.docker_engine.closeup import DockerCloseup
from monitor.adapters.docker_engine.engine import DockerEngine
from monitor.adapters.process_engine.closeup import ProcessCloseup
from monitor.adapters.process_engine.engine import ProcessEngine
from monitor.ports.closeup import Closeup, Unseen
from monitor.ports.engine import Engine
from monitor.ports.files import Files
from monitor.services.desk import Desk
from monitor.services.insight.chronicle import Chronicle
from monitor.services.insight.insight import Insight
from monitor.services.insight.looking import Looking, folders
from monitor.services.insight.output import Output
from monitor.services.insight.running import Explaining
from monitor.services.insight.source import Source
from monitor.services.insight.usage import Usage
from monitor.services.past.past import Past
from monitor.services.routing import Routing


def insight_of(desk: Desk, files: Files, routing: Routing, past: Past | None) -> Insight:
    """Every part, over what the desk already has; events are taken in from now on."""
    looking = Looking(files, folders(desk.keepers))
    closeup = closeup_of(desk.engine)
    chronicle = Chronicle(desk.clock)
    desk.registry.on_event(chronicle.take)
    return Insight(
        Output(desk, closeup, desk.clock),
        Source(desk, looking, files, past),
        Explaining(desk, looking, closeup, routing.to_instances),
        Usage(closeup, desk.observer, desk.clock),
        chronicle,
    )


def closeup_of(engine: Engine) -> Closeup:
    """How instances of this engine are seen from close."""
    if isinstance(engine, DockerEngine):
        return DockerCloseup(engine)
    if isinstance(engine, ProcessEngine):
        return ProcessCloseup(engine)
    return Unseen()
