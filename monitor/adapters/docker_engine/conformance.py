"""Between create and start: does the container Docker made conform to what was asked for (R15)?

An image can bring labels, volumes and a health check of its own, and a daemon can be set up to add its
own defaults. Whatever is neither asked for nor off is a departure, a key unknown to us included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitor.adapters.docker_engine.rendering import Json
from monitor.domain.container import ContainerPlan, Mount, MountKind
from monitor.domain.labels import COMPOSES_OWN, OURS

_DAEMONS_OWN = frozenset({"ShmSize", "Runtime", "ConsoleSize", "ContainerIDFile", "Isolation", "Mounts"})
"""Host settings that are the daemon's to choose and give nothing away, and mounts, which are compared as made."""
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"})
_MASKS = ("MaskedPaths", "ReadonlyPaths")


def departures(plan: ContainerPlan, body: Json, inspected: Json) -> list[str]:
    """Given the plan, its API body and the container as inspected, return a sentence for each departure."""
    return [
        *_host(body["HostConfig"], inspected["HostConfig"]),
        *_mounts(plan, inspected.get("Mounts") or []),
        *_networks(plan, inspected["NetworkSettings"]),
        *_config(body, inspected["Config"]),
    ]


def stack_departures(plan: ContainerPlan, body: Json, inspected: Json, image: Json) -> list[str]:
    """As `departures`, of a container Compose made from `image`'s configuration, whose own words may stand."""
    seen, config = dict(inspected["HostConfig"]), inspected["Config"]
    seen.pop("Binds", None)
    return [
        *_host(body["HostConfig"], seen),
        *_mounts(plan, inspected.get("Mounts") or []),
        *_networks(plan, inspected["NetworkSettings"]),
        *(f"{key} is {config.get(key)!r}" for key in ("Image", "User") if config.get(key) != body[key]),
        *_foreign_variables(body, config, image),
        *_check(plan, config, image),
        *_labels(body["Labels"], _without_composes_own(config.get("Labels") or {}, body["Labels"])),
    ]


def _foreign_variables(body: Json, config: Json, image: Json) -> Iterator[str]:
    """R16: only what was asked for and what the image says; proxies may be set in Docker's own configuration."""
    wanted = {line.partition("=")[0]: line for line in (*(image.get("Env") or []), *body["Env"])}
    for line in config.get("Env") or []:
        name = line.partition("=")[0]
        if wanted.pop(name, None) != line and name.upper() not in _PROXIES:
            yield f"the variable {name} is not the one asked for"
    yield from (f"the variable {name} is missing" for name in wanted)


def _check(plan: ContainerPlan, config: Json, image: Json) -> Iterator[str]:
    own = (image.get("Healthcheck") or {}).get("Test") or []
    wanted = own if plan.health is None else list(plan.health.test)
    if ((config.get("Healthcheck") or {}).get("Test") or []) != wanted:
        yield "the health check is not the one asked for"


def _without_composes_own(seen: Json, wanted: Json) -> Json:
    """Compose says what it made a container from; what it must not contradict is compared."""
    return {name: value for name, value in seen.items() if name in wanted or name not in COMPOSES_OWN}


def _host(wanted: Json, seen: Json) -> Iterator[str]:
    for key, value in seen.items():
        if key in _DAEMONS_OWN or key in _MASKS:
            continue
        if key in wanted:
            if _plain(value) != _plain(wanted[key]) and (value or wanted[key]):
                yield f"HostConfig.{key} is {value!r}, not {wanted[key]!r}"
        elif not _off(value):
            yield f"HostConfig.{key} is {value!r}, which was not asked for"
    for key in wanted.keys() - seen.keys() - _DAEMONS_OWN:
        yield f"HostConfig.{key} is missing"
    for key in _MASKS:
        if not seen.get(key):
            yield f"HostConfig.{key} is empty: kernel files would be open"


def _mounts(plan: ContainerPlan, seen: list[Json]) -> Iterator[str]:
    wanted = {_wanted_mount(mount) for mount in plan.mounts}
    found = {_seen_mount(mount) for mount in seen}
    for mount in sorted(found - wanted):
        yield f"mount {mount} was not asked for"
    for mount in sorted(wanted - found):
        yield f"mount {mount} is missing"


def _wanted_mount(mount: Mount) -> tuple[str, str, str, bool]:
    return (mount.kind.value, mount.source, mount.target, not mount.read_only)


def _seen_mount(mount: Json) -> tuple[str, str, str, bool]:
    source = mount.get("Name") if mount["Type"] == MountKind.VOLUME else mount.get("Source")
    propagation = mount.get("Propagation") or "rprivate"
    kind = mount["Type"] if propagation in {"rprivate", "private"} else f"{mount['Type']} ({propagation})"
    return (kind, str(source), mount["Destination"], bool(mount["RW"]))


def _networks(plan: ContainerPlan, settings: Json) -> Iterator[str]:
    if set(settings.get("Networks") or {}) != {plan.network.name}:
        yield f"it is on the networks {sorted(settings.get('Networks') or {})}, not on {plan.network.name} alone"
    if settings.get("Ports"):
        yield f"it publishes ports: {settings['Ports']!r}"


def _config(body: Json, seen: Json) -> Iterator[str]:
    for key in ("Image", "User"):
        if seen.get(key) != body[key]:
            yield f"{key} is {seen.get(key)!r}, not {body[key]!r}"
    if _plain(seen.get("Healthcheck") or {}) != _plain(body.get("Healthcheck") or {}):
        yield "the health check is not the one asked for"
    for line in set(body["Env"]) - set(seen.get("Env") or []):
        yield f"the variable {line.partition('=')[0]} is missing"
    yield from _labels(body["Labels"], seen.get("Labels") or {})


def _labels(wanted: Json, seen: Json) -> Iterator[str]:
    for name, value in sorted(seen.items()):
        if name.startswith(OURS) and name not in wanted:
            yield f"its image brings the label {name}, which only Slipway may set"
        elif name in wanted and value != wanted[name]:
            yield f"the label {name} is {value!r}"
    for name in sorted(wanted.keys() - seen.keys()):
        yield f"the label {name} is missing"


def _off(value: Any) -> bool:
    return not value


def _plain(value: Any) -> Any:
    """Order and empty members do not matter to Docker."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=repr)
    return value
