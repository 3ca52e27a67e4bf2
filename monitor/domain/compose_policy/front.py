"""Which service visitors reach, and at which port: what a person would point at, with the reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.compose_policy.ports import Port
from monitor.domain.compose_policy.services import Read
from monitor.domain.config_text import ConfigError, read_document

DATA_PORTS = frozenset({
    1433, 1521, 1883, 2049, 2181, 22, 25, 27017, 3306, 389, 4222, 5432, 5433, 5672, 6379, 6380, 7687, 8529, 9042,
    9092, 11211, 26257, 33060,
})  # fmt: skip
"""Ports of databases, queues and the like: published for their own clients, never a page."""
DATA_IMAGES = (
    "postgres", "postgis", "mysql", "mariadb", "mongo", "redis", "valkey", "memcached", "rabbitmq", "kafka",
    "zookeeper", "cassandra", "mssql", "couchdb", "nats", "mosquitto", "timescaledb", "elasticsearch", "localstack",
)  # fmt: skip
NAMES = ("web", "frontend", "client", "ui", "app", "www", "site", "nginx", "proxy", "server", "api", "backend")
HTTP = 80
DEPTH = 12
"""How deep a compose file may be nested."""


@dataclass(frozen=True, slots=True)
class Front:
    """The chosen service; `port` is None where only its image can tell."""

    service: str
    port: int | None
    reason: str


def is_data(image: str) -> bool:
    """Whether an image is a known database, cache or queue."""
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    return name in DATA_IMAGES or name.startswith(tuple(f"{known}-" for known in DATA_IMAGES))


def only_data(text: str) -> tuple[list[str], bool]:
    """The services of a compose file that was not checked yet, and whether each of them is a database or the like."""
    try:
        services = read_document(text, merges=True, depth=DEPTH).value.get("services")
    except ConfigError:
        return [], False
    tables = [one for one in services.values() if isinstance(one, dict)] if isinstance(services, dict) else []
    data = bool(tables) and all("build" not in one and is_data(str(one.get("image", ""))) for one in tables)
    return (sorted(services) if tables else []), data


def choose(services: Sequence[Read], wanted: int | None = None) -> Front | None:
    """The service to route to, None where every one of them is a database or the like.

    Published ports win over exposed ones; then the port 80 of the host, a service nobody else depends on, and the
    order written. `wanted` is a person's word for the port: the service that has it is taken.
    """
    candidates = [one for one in services if not (is_data(one.service.image) and not one.service.build)]
    for what, said in (("publishes", "published"), ("exposes", "exposed")):
        found = [
            (_rank(one, port, index, services, wanted), one, port)
            for index, one in enumerate(candidates)
            for port in getattr(one, said)
            if port.target not in DATA_PORTS or port.target == wanted
        ]
        if found:
            _, best, port = min(found, key=lambda row: row[0])
            number = wanted or port.target
            return Front(
                best.service.name, number, f"{best.service.name} {what} port {port.target}: visitors reach it"
            )
    if not candidates:
        return None
    best = min(candidates, key=lambda one: (_named(one), candidates.index(one)))
    alone = "the only service" if len(candidates) == 1 else "no service publishes a port; it is the likeliest"
    return Front(best.service.name, wanted, f"visitors reach {best.service.name}: {alone}")


def _rank(one: Read, port: Port, index: int, all_: Sequence[Read], wanted: int | None) -> tuple[int, ...]:
    needed = any(need.service == one.service.name for other in all_ for need in other.service.needs)
    order = one.published.index(port) if port in one.published else 0
    return (int(port.target != wanted) if wanted else 0, int(port.published != HTTP), int(needed), index, order)


def _named(one: Read) -> int:
    name = one.service.name.lower()
    named = NAMES.index(name) if name in NAMES else len(NAMES)
    return named if one.service.build else named + 1
