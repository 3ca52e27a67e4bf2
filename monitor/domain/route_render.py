"""Routes as Traefik reads them: labels of a container, or the file its file provider watches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from monitor.domain import labels
from monitor.domain.launch import LaunchSpec
from monitor.domain.route_middlewares import SHARED
from monitor.domain.route_table import instance_routes, labelled_serving
from monitor.domain.routes import Provider, Route, RouteTable

Section = dict[str, dict[str, object]]


def route_labels(spec: LaunchSpec, generation: int, install_id: str, network: str, domain: str) -> dict[str, str]:
    """The labels that route a container of `spec` once it is healthy.

    `network` is the Docker network the router reaches it by, `install_id` what the router's constraint asks for. In
    compose text every `$` of a value must be doubled.
    """
    routes = instance_routes(labelled_serving(spec, generation), domain)
    return {
        labels.INSTALL_ID: install_id,
        labels.TRAEFIK_ENABLE: "true",
        labels.TRAEFIK_NETWORK: network,
        **dict(_flat(labels.TRAEFIK_HTTP, _labelled(routes))),
    }


def file_configuration(table: RouteTable) -> dict[str, Section]:
    """The table's file routes as Traefik's dict of routers, middlewares (every shared one) and services."""
    published = [route for route in table if route.provider is Provider.FILE]
    middlewares: Section = {m.name: dict(m.config) for m in SHARED}
    services: Section = {}
    for route in published:
        middlewares |= {m.name: dict(m.config) for m in route.middlewares}
        if route.service.url is not None:
            services[route.service.name] = {"loadBalancer": {"servers": [{"url": route.service.url}]}}
    routers: Section = {route.name: _router(route) for route in published}
    sections = {"routers": routers, "middlewares": middlewares, "services": services}
    return {name: section for name, section in sections.items() if section}


def file_text(table: RouteTable) -> str:
    """The file the router watches: YAML, one router, middleware or service a line.

    The lines' values are JSON, which is YAML: a thousand workspaces are written in milliseconds. Traefik takes
    the file for a Go template, so a `{{`, which JSON only has inside strings, is written as an escape.
    """
    lines = ["http:"]
    for section, entries in file_configuration(table).items():
        lines.append(f"  {section}:")
        lines += [f"    {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in entries.items()]
    return "\n".join(lines).replace("{{", "{\\u007b") + "\n"


def _labelled(routes: Iterable[Route]) -> Mapping[str, object]:
    routers: dict[str, object] = {}
    middlewares: dict[str, object] = {}
    services: dict[str, object] = {}
    for route in routes:
        routers[route.name] = {**_router(route), "middlewares": [_used(name) for name in route.full_middlewares]}
        middlewares |= {m.name: dict(m.config) for m in route.middlewares if not m.shared}
        services[route.service.name] = {"loadBalancer": {"server": {"port": route.service.port}}}
    return {"routers": routers, "middlewares": middlewares, "services": services}


def _router(route: Route) -> dict[str, object]:
    fields: dict[str, object] = {"rule": route.rule, "priority": int(route.priority), "service": route.service.name}
    if route.middlewares:
        fields["middlewares"] = [m.name for m in route.middlewares]
    return fields


def _used(full_name: str) -> str:
    return full_name.removesuffix(f"@{Provider.DOCKER}")


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    """Nested options as dotted label names; lists as Traefik's labels spell them, with commas."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}", inner)
    elif isinstance(value, list):
        yield prefix, ",".join(str(item) for item in value)
    else:
        yield prefix, str(value)
