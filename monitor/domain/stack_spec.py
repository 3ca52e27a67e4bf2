"""From a stack and the workspace's configuration to its launch spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection.result import Detection
from monitor.domain.launch import LaunchSpec, Limits, OwnHost, Rewrite, Source
from monitor.domain.stack import ONLY, Build, Service, Stack
from monitor.domain.stack_plan import DEFAULT_PORT


def lone_dockerfile(path: str, values: Mapping[str, str], config: WorkspaceConfig) -> Stack:
    """The stack of a Dockerfile alone: built where it lies, told the variables of the folder's `.env`."""
    name = path.rpartition("/")[2]
    service = Service(ONLY, build=Build("", name), env=tuple(sorted(values.items())))
    return Stack((service,), ONLY, config.port)


def stack_spec(
    workspace: str,
    detection: Detection,
    config: WorkspaceConfig,
    stack: Stack,
    *,
    user: tuple[int, int],
    limits: Limits | None = None,
) -> LaunchSpec:
    """The launch spec of a workspace that says itself how it runs. `env:` of slipway.yaml is told to the front."""
    front = stack.service(stack.front)
    told = {**dict(front.env), **config.env}
    stack = stack.with_service(replace(front, env=tuple(sorted(told.items()))))
    limits, resources = limits or Limits(), config.resources
    kept = replace(limits, memory=resources.memory or limits.memory, cpus=resources.cpus or limits.cpus)
    whole = config.strip is False or (config.strip is None and config.base_path == f"/{workspace}/")
    return LaunchSpec(
        workspace=workspace,
        type=detection.type,
        runtime="",
        start="",
        user=user,
        port=stack.port or DEFAULT_PORT,
        source=Source.DIRECT,
        restart_on_edit=False,
        strip=not whole,
        rewrite=Rewrite.ALWAYS,
        own_host=OwnHost.PREFIX if whole else OwnHost.ROOT,
        health_path=config.health or (f"/{workspace}/" if whole else "/"),
        limits=kept,
        stack=stack,
    )
