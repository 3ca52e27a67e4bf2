"""A planned stack as compose text: what the Compose command line is given, and a person can use by hand.

Written as JSON, which is YAML: every text is quoted, so none can be read as something else. `$` is doubled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.domain.compose import in_ascii
from monitor.domain.container import LOG_OPTIONS, ContainerPlan, Health, Mount, MountKind
from monitor.domain.stack_plan import StackPlan

_COMPOSE_OWN = "com.docker.compose."
HEADER = "# Written by Slipway from the folder's own description, by the rules for such files.\n"


def stack_text(plan: StackPlan) -> str:
    """The compose file of all of a stack's containers."""
    network = plan.front.network
    document = {
        "name": plan.front.project,
        "services": {one.service: _service(one) for one in plan.containers},
        "networks": {
            "default": {
                "name": network.name,
                "driver": "bridge",
                "ipam": {"config": [{"subnet": network.subnet, "gateway": network.gateway}]},
                "labels": _foreign(network.labels),
            }
        },
        "volumes": {
            mount.key: {"name": mount.source, "labels": _foreign(mount.labels)} for mount in _volumes(plan.containers)
        },
    }
    return HEADER + in_ascii(json.dumps(_escaped(document), ensure_ascii=False, indent=1)) + "\n"


def _service(plan: ContainerPlan) -> dict[str, Any]:
    said = {
        "image": plan.image,
        "pull_policy": "never",
        "container_name": plan.name,
        "user": f"{plan.user[0]}:{plan.user[1]}",
        "init": True,
        "restart": "no",
        "read_only": plan.read_only,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "cgroup": "private",
        "ipc": "private",
        "mem_limit": plan.limits.memory,
        "memswap_limit": plan.memory_and_swap,
        "cpus": plan.limits.cpus,
        "pids_limit": plan.limits.pids,
        "ulimits": {"nofile": {"soft": plan.limits.nofile, "hard": plan.limits.nofile}},
        "logging": {"driver": "json-file", "options": dict(LOG_OPTIONS)},
        "environment": dict(plan.env),
        "tmpfs": [f"{target}:{options}" for target, options in plan.tmpfs],
        "volumes": [_mount(mount) for mount in plan.mounts],
        "labels": _foreign(plan.labels),
        "networks": {"default": {"aliases": list(plan.aliases)}},
        "depends_on": {need.service: {"condition": need.condition, "required": need.required} for need in plan.needs},
    }
    return said | _said_by_its_author(plan)


def _said_by_its_author(plan: ContainerPlan) -> dict[str, Any]:
    """Only what was said: the image's own word stands for the rest."""
    words: dict[str, Any] = {
        "entrypoint": None if plan.entrypoint is None else list(plan.entrypoint),
        "command": None if plan.command is None else list(plan.command),
        "working_dir": plan.working_dir or None,
        "stop_signal": plan.stop_signal or None,
        "stop_grace_period": None if plan.stop_grace is None else f"{plan.stop_grace}ms",
        "platform": plan.platform or None,
        "tty": plan.tty or None,
        "stdin_open": plan.stdin_open or None,
        "healthcheck": None if plan.health is None else _health(plan.health),
    }
    return {key: value for key, value in words.items() if value is not None}


def _health(health: Health) -> dict[str, Any]:
    if health.test == ("NONE",):
        return {"disable": True}
    times = ("interval", "timeout", "start_period", "start_interval")
    return {
        "test": list(health.test),
        "retries": health.retries,
        **{name: f"{getattr(health, name)}ms" for name in times},
    }


def _mount(mount: Mount) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": mount.kind.value,
        "source": mount.key or mount.source,
        "target": mount.target,
        "read_only": mount.read_only,
    }
    if mount.kind is MountKind.BIND:
        said["bind"] = {"create_host_path": False, "propagation": "rprivate"}
    return said


def _volumes(plans: Iterable[ContainerPlan]) -> list[Mount]:
    found = {mount.key: mount for plan in plans for mount in plan.mounts if mount.kind is MountKind.VOLUME}
    return list(found.values())


def _foreign(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Without Compose's own labels, which it writes itself."""
    return {name: value for name, value in pairs if not name.startswith(_COMPOSE_OWN)}


def _escaped(value: Any) -> Any:
    """Every text with `$` doubled: Compose would replace `$NAME` by what its caller's environment holds."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value
