"""One service of a user's compose file, read by the allow-list into a `Service` and the ports it wants reached."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from monitor.domain.compose_policy import verdicts as v
from monitor.domain.compose_policy import words
from monitor.domain.compose_policy.mounts import Mounts, workspace_path
from monitor.domain.compose_policy.ports import Port, exposed, ports
from monitor.domain.compose_policy.reader import At
from monitor.domain.sizes import MIB
from monitor.domain.stack import Attached, Build, Check, Need, Service, unnamed_volume

DOCKERFILE = "Dockerfile"
MOST_SHM = 64 * MIB
"""Docker's own default."""
MOST_FILES = 8192
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
_REMOTE = re.compile(r"^[a-z+]+://|^git@|^github\.com/|\.git(#|$)|^-$|^https?:", re.IGNORECASE)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?")
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Read:
    """A service with what is no part of its container: ports to be reached, profiles that switch it on."""

    service: Service
    published: tuple[Port, ...]
    exposed: tuple[Port, ...]
    profiled: bool


def read_service(at: At, values: Mapping[str, str], volumes: Collection[str]) -> Read:
    """Given a service's table, the variables of `.env` and the names of the file's volumes. Raises `NotAllowed`."""
    said = {str(below.path[-1]): below for below in at.keys(v.SERVICE) if below.value is not None}
    _bounds(said)
    mounts = Mounts(volumes)
    if "volumes" in said:
        mounts.volumes(said["volumes"])
    if "tmpfs" in said:
        mounts.tmpfs(said["tmpfs"])
    build = _build(said["build"], values) if "build" in said else None
    image = "" if build else words.image(said["image"]) if "image" in said else ""
    if not build and not image:
        at.refuse("has neither `image` nor `build`")
    name = str(at.path[-1])
    return Read(
        Service(
            name=name,
            image=image,
            build=build,
            command=words.command(said["command"]) if "command" in said else None,
            entrypoint=words.command(said["entrypoint"]) if "entrypoint" in said else None,
            env=words.variables(said["environment"], values) if "environment" in said else (),
            labels=words.labels(said["labels"]) if "labels" in said else (),
            needs=_needs(said["depends_on"]) if "depends_on" in said else (),
            aliases=_aliases(said["networks"]) if "networks" in said else (),
            user=_user(said["user"]) if "user" in said else "",
            working_dir=_absolute(said["working_dir"]) if "working_dir" in said else "",
            platform=_platform(said["platform"]) if "platform" in said else "",
            stop_signal=_signal(said["stop_signal"]) if "stop_signal" in said else "",
            stop_grace=words.duration(said["stop_grace_period"]) if "stop_grace_period" in said else None,
            check=_check(said["healthcheck"]) if "healthcheck" in said else None,
            attached=(
                *mounts.attached,
                *(Attached(unnamed_volume(name, place), place) for place in mounts.anonymous),
            ),
            scratch=tuple(mounts.scratch),
            read_only="read_only" in said and said["read_only"].flag(),
            tty="tty" in said and said["tty"].flag(),
            stdin_open="stdin_open" in said and said["stdin_open"].flag(),
        ),
        tuple(ports(said["ports"])) if "ports" in said else (),
        tuple(exposed(said["expose"])) if "expose" in said else (),
        bool(said["profiles"].value) if "profiles" in said else False,
    )


def _bounds(said: Mapping[str, At]) -> None:
    """Keys that are allowed as long as they ask for no more than is given anyway."""
    if "init" in said:
        said["init"].flag()
    if "scale" in said and said["scale"].number(0, 10**6) > 1:
        said["scale"].refuse(f"must be 1: {v.ALONE}")
    if "shm_size" in said and words.size(said["shm_size"]) > MOST_SHM:
        said["shm_size"].refuse(f"must be at most {MOST_SHM // MIB} MiB")
    if "deploy" in said:
        _deploy(said["deploy"])
    if "ulimits" in said:
        for _, limit in said["ulimits"].table():
            for value in [inner for _, inner in limit.table()] if isinstance(limit.value, dict) else [limit]:
                value.number(0, MOST_FILES)
    if "profiles" in said:
        for item in said["profiles"].items():
            item.text()


def _deploy(at: At) -> None:
    for below in at.keys(v.DEPLOY):
        match below.path[-1]:
            case "replicas" if below.number(0, 10**6) > 1:
                below.refuse(f"must be 1: {v.ALONE}")
            case "mode":
                below.one_of(["replicated"])
            case "resources" if below.value is not None:
                for part in below.keys(v.RESOURCES):
                    if part.value is not None:
                        list(part.keys(v.LIMITS if part.path[-1] == "limits" else v.RESERVATIONS))


def _build(at: At, values: Mapping[str, str]) -> Build:
    if isinstance(at.value, str):
        context = _context(at)
        return Build(context, _join(context, DOCKERFILE))
    said = {str(below.path[-1]): below for below in at.keys(v.BUILD) if below.value is not None}
    context = _context(said["context"]) if "context" in said else ""
    file = (
        workspace_path(said["dockerfile"], _join(context, said["dockerfile"].text())) if "dockerfile" in said else ""
    )
    target = said["target"].text() if "target" in said else ""
    if target and not _TARGET.fullmatch(target):
        said["target"].refuse("must be the name of a build stage")
    args = words.variables(said["args"], values) if "args" in said else ()
    return Build(context, file or _join(context, DOCKERFILE), target, args)


def _context(at: At) -> str:
    if _REMOTE.search(at.text()):
        at.refuse("must be a folder of the workspace: nothing is fetched from elsewhere")
    return workspace_path(at, at.text())


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and not name.startswith(("/", "~")) else name


def _needs(at: At) -> tuple[Need, ...]:
    if isinstance(at.value, list):
        return tuple(Need(item.text()) for item in at.items())
    found = []
    for name, inner in at.table():
        said = {str(below.path[-1]): below for below in inner.keys(v.DEPENDS)} if inner.value is not None else {}
        condition = said["condition"].one_of(CONDITIONS) if "condition" in said else CONDITIONS[0]
        found.append(Need(name, condition, "required" not in said or said["required"].flag()))
    return tuple(found)


def _aliases(at: At) -> tuple[str, ...]:
    """All networks are the workspace's one; the further names a service has on any of them are kept."""
    if isinstance(at.value, list):
        for item in at.items():
            item.text()
        return ()
    names: list[str] = []
    for _, inner in at.table():
        for below in inner.keys(v.OWN_NETWORK) if inner.value is not None else ():
            for item in below.items():
                if not _HOSTNAME.fullmatch(item.text()):
                    item.refuse("must be a host name")
                names.append(item.text())
    return tuple(dict.fromkeys(names))


def _check(at: At) -> Check:
    said = {str(below.path[-1]): below for below in at.keys(v.HEALTH) if below.value is not None}
    if "disable" in said and said["disable"].flag():
        return Check()
    if "test" not in said:
        at.refuse("must have a `test`")
    times = {name: words.duration(said[name]) for name in v.HEALTH if name in said and name not in _OTHER}
    retries = said["retries"].number(1, 1000) if "retries" in said else 0
    return Check(_test(said["test"]), retries=retries, **times)


_OTHER = frozenset({"disable", "retries", "test"})


def _test(at: At) -> tuple[str, ...]:
    if not isinstance(at.value, list):
        return ("CMD-SHELL", at.text())
    found = tuple(item.text() for item in at.items())
    if found == ("NONE",):
        return ()
    if len(found) < 2 or found[0] not in {"CMD", "CMD-SHELL"}:
        at.refuse("must begin with CMD, CMD-SHELL or NONE")
    return found


def _user(at: At) -> str:
    found = at.text()
    if not _USER.fullmatch(found):
        at.refuse("must be a user such as `1000`, `1000:1000` or `node`")
    name = found.partition(":")[0]
    if name == "root" or (name.isdigit() and int(name) == 0):
        at.refuse("must not be root: nothing here runs as root")
    return found


def _platform(at: At) -> str:
    found = at.text()
    if not re.fullmatch(r"linux(/[a-z0-9]{1,16}){0,2}", found):
        at.refuse("must be a Linux platform such as `linux/amd64`")
    return found


def _signal(at: At) -> str:
    found = at.text().upper()
    if not re.fullmatch(r"(SIG)?[A-Z]{2,8}[0-9+-]{0,4}|[0-9]{1,2}", found):
        at.refuse("must be a signal such as `SIGINT`")
    return found


def _absolute(at: At) -> str:
    found = at.text()
    if not found.startswith("/"):
        at.refuse("must be an absolute path in the container")
    return found
