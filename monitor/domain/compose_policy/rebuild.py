"""A user's compose file, read by the allow-list and written anew as a `Stack`; nothing is passed on unread (R14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.compose_policy import verdicts as v
from monitor.domain.compose_policy.front import DEPTH, choose
from monitor.domain.compose_policy.interpolation import Interpolation, Unreadable
from monitor.domain.compose_policy.reader import At
from monitor.domain.compose_policy.services import Read, read_service
from monitor.domain.config_text import read_document
from monitor.domain.stack import Need, Stack

MOST_SERVICES = 8
"""Two generations of the front and its companions must fit into the workspace's /28."""
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}")
"""Without dots, which tell our own names of a service's generations and volumes from those a person can give."""
_DEFAULTS = {"volumes": "local", "networks": "bridge"}


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of the file; `notes` are sentences for evidence, `warnings` for the card."""

    stack: Stack
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def rebuild(text: str, file: str, values: Mapping[str, str], *, port: int | None = None) -> Rebuilt:
    """The stack a compose file describes; `values` are the variables of the folder's `.env`, `port` a person's word.

    Raises `ConfigError` for what is no YAML of that kind, `NotAllowed` with the key's path for everything the rules
    refuse. The same text will be refused again.
    """
    document = read_document(text, file=file, merges=True, depth=DEPTH)
    filling = Interpolation(values)
    root = At(document, _filled(At(document, document.value), filling))
    said = {str(below.path[-1]): below for below in root.keys(v.TOP) if below.value is not None}
    if "services" not in said:
        root.refuse("it has no `services`")
    volumes = tuple(_named(said["volumes"], v.NAMED_VOLUME)) if "volumes" in said else ()
    tuple(_named(said["networks"], v.NAMED_NETWORK)) if "networks" in said else ()
    read = _services(said["services"], values, volumes)
    front = choose(read, port)
    if front is None:
        said["services"].refuse(
            "has only databases and the like: there is nothing to show to visitors",
            "add the service that answers requests, or remove the file and let the folder's own type be found",
        )
    stack = Stack(tuple(one.service for one in read), front.service, front.port, volumes)
    warned = [f"{file}: the variable {name} is not set in .env and is taken as empty" for name in filling.missing]
    return Rebuilt(_without_edges_to_front(_all_volumes(stack)), (front.reason,), tuple(warned[:8]))


def _filled(at: At, filling: Interpolation) -> Any:
    """The document with its variables filled in, values only: keys stand as written."""
    if isinstance(at.value, dict):
        return {key: _filled(at.at(key), filling) for key in at.value}
    if isinstance(at.value, list):
        return [_filled(at.at(index), filling) for index in range(len(at.value))]
    if not isinstance(at.value, str):
        return at.value
    try:
        return filling.text(at.value)
    except Unreadable as error:
        at.refuse(f"cannot be filled in: {error}", "variables are read from the folder's own .env and nowhere else")


def _services(at: At, values: Mapping[str, str], volumes: Sequence[str]) -> tuple[Read, ...]:
    found = []
    for name, inner in at.table():
        _check_name(name, inner)
        found.append(read_service(inner, values, volumes))
    active = tuple(one for one in found if not one.profiled)
    if not active:
        at.refuse("has no service that starts without a profile")
    if len(active) > MOST_SERVICES:
        at.refuse(f"has {len(active)} services; at most {MOST_SERVICES} run in one workspace")
    _check_needs(at, active, {one.service.name for one in found})
    return tuple(replace(one, service=_among(one, active)) for one in active)


def _check_name(name: str, at: At) -> None:
    if not NAME.fullmatch(name):
        at.refuse("must be a name of letters, digits, `-` or `_`, at most 40 characters")


def _check_needs(at: At, active: Sequence[Read], known: set[str]) -> None:
    edges = {one.service.name: [need.service for need in one.service.needs] for one in active}
    for name, needs in edges.items():
        for needed in needs:
            if needed not in known:
                at.at(name).at("depends_on").refuse(f"names {needed}, which is no service of this file")
    for name in edges:
        if name in _reached(name, edges):
            at.at(name).at("depends_on").refuse("leads back to itself")


def _reached(name: str, edges: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(edges[name])
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += edges.get(one, ())
    return found


def _among(one: Read, active: Sequence[Read]) -> Any:
    """The service without needs of services that only a profile starts."""
    names = {other.service.name for other in active}
    return replace(one.service, needs=tuple(need for need in one.service.needs if need.service in names))


def _named(at: At, table: v.Table) -> Iterator[str]:
    """The names under the file's own `volumes:` or `networks:`; only what is the default may be said of them."""
    usual = _DEFAULTS[str(at.path[-1])]
    for name, inner in at.table():
        _check_name(name, inner)
        for below in inner.keys(table) if inner.value is not None else ():
            match below.path[-1]:
                case "driver" if below.value is not None and below.text() not in {usual, "default"}:
                    below.refuse(f"must be left out: only Docker's own `{usual}` is used")
                case "external" if isinstance(below.value, dict) or below.flag():
                    below.refuse("is not allowed: nothing of another workspace or of the host can be used")
                case "internal" if below.flag():
                    below.refuse("is not supported: every service is on the workspace's one network")
        yield name


def _all_volumes(stack: Stack) -> Stack:
    """Only the volumes that are mounted, those without a name among them."""
    used = [one.source for service in stack.services for one in service.attached if not one.bind]
    return replace(stack, volumes=tuple(dict.fromkeys(used)))


def _without_edges_to_front(stack: Stack) -> Stack:
    """Companions outlive a generation of the front, so none of them can wait for it."""
    return replace(
        stack,
        services=tuple(
            replace(one, needs=tuple(need for need in one.needs if _keeps(need, stack))) for one in stack.services
        ),
    )


def _keeps(need: Need, stack: Stack) -> bool:
    return need.service != stack.front
