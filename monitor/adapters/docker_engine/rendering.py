"""A container plan as the Engine's API reads it: the JSON `create` is given and `inspect` must repeat."""

from __future__ import annotations

from typing import Any

from monitor.domain.container import LOG_OPTIONS, ContainerPlan, Health, Mount, MountKind, NetworkPlan

Json = dict[str, Any]


def create_body(plan: ContainerPlan) -> Json:
    """The body of `POST /containers/create`."""
    body: Json = {
        "Image": plan.image,
        "User": f"{plan.user[0]}:{plan.user[1]}",
        "Env": [f"{name}={value}" for name, value in plan.env],
        "Labels": dict(plan.labels),
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": host_config(plan),
        "NetworkingConfig": {"EndpointsConfig": {plan.network.name: {"Aliases": list(plan.aliases)}}},
    }
    if plan.health is not None:
        body["Healthcheck"] = _health(plan.health)
    if plan.script is not None:
        body |= {"Entrypoint": ["/bin/sh", "-c", plan.script], "Cmd": []}
    return body


def host_config(plan: ContainerPlan) -> Json:
    """The baseline of DESIGN section 3, as Docker spells it. Every key left out must read as off (`conformance`)."""
    limits = plan.limits
    return {
        "NetworkMode": plan.network.name,
        "Mounts": [_mount(mount) for mount in plan.mounts],
        "Tmpfs": dict(plan.tmpfs),
        "ReadonlyRootfs": plan.read_only,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "CgroupnsMode": "private",
        "IpcMode": "private",
        "Memory": limits.memory,
        "MemorySwap": plan.memory_and_swap,
        "NanoCpus": round(limits.cpus * 1e9),
        "PidsLimit": limits.pids,
        "Ulimits": [{"Name": "nofile", "Soft": limits.nofile, "Hard": limits.nofile}],
        "LogConfig": {"Type": "json-file", "Config": dict(LOG_OPTIONS)},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "Init": True,
    }


def network_body(network: NetworkPlan) -> Json:
    """The body of `POST /networks/create`."""
    return {
        "Name": network.name,
        "Driver": "bridge",
        "IPAM": {"Driver": "default", "Config": [{"Subnet": network.subnet, "Gateway": network.gateway}]},
        "Labels": dict(network.labels),
    }


def _mount(mount: Mount) -> Json:
    common = {"Type": mount.kind.value, "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only}
    if mount.kind is MountKind.VOLUME:
        return {**common, "VolumeOptions": {"Labels": dict(mount.labels)}}
    return {**common, "BindOptions": {"Propagation": "rprivate"}}


def _health(health: Health) -> Json:
    return {
        "Test": list(health.test),
        "Interval": health.interval * 1_000_000,
        "Timeout": health.timeout * 1_000_000,
        "Retries": health.retries,
        "StartPeriod": health.start_period * 1_000_000,
        "StartInterval": health.start_interval * 1_000_000,
    }
