"""Every key of the compose specification and what becomes of it: the allow-list itself.

`allow` is read, checked and carried over; `override` is left out because Slipway says it itself; `refuse` makes the
whole file unusable. A key that stands nowhere here is refused as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    ALLOW = "allow"
    OVERRIDE = "override"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a key, and why (a sentence's end, for `refuse`); `hint` says what to write instead."""

    kind: Kind
    why: str = ""
    hint: str = ""


Table = Mapping[str, Verdict]

HOST = "it reaches into the host"
FILES = "it reads other files, whose content is not held to these rules"
NAMES = "names resolve on the workspace's own network only"
BASELINE = "every container runs under the same restrictions"
OUTSIDE = "it runs outside the container's restrictions"
ALONE = "there is one machine and one copy of each service"


def _allow(*keys: str) -> dict[str, Verdict]:
    return dict.fromkeys(keys, Verdict(Kind.ALLOW))


def _override(*keys: str) -> dict[str, Verdict]:
    return dict.fromkeys(keys, Verdict(Kind.OVERRIDE))


def _refuse(why: str, *keys: str, hint: str = "") -> dict[str, Verdict]:
    return dict.fromkeys(keys, Verdict(Kind.REFUSE, why, hint))


TOP: Table = {
    **_allow("services", "networks", "volumes"),
    **_override("version", "name"),
    **_refuse(FILES, "include"),
    **_refuse("models are not run here", "models"),
    **_refuse(
        "secrets and configs are not mounted here",
        *("secrets", "configs"),
        hint="put a value into the folder's .env and ${NAME} under `environment:`, or bind a file with `:ro`",
    ),
}

SERVICE: Table = {
    **_allow(
        *("image", "build", "command", "entrypoint", "environment", "expose", "ports", "healthcheck", "depends_on"),
        *("working_dir", "user", "init", "stop_signal", "stop_grace_period", "tty", "stdin_open", "platform"),
        *("profiles", "read_only", "tmpfs", "volumes", "networks", "labels", "deploy", "scale", "shm_size"),
        "ulimits",
    ),
    **_override(
        *("restart", "container_name", "hostname", "domainname", "logging", "security_opt", "cap_drop", "attach"),
        *("mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "pids_limit"),
        *("cpus", "cpu_count", "cpu_percent", "cpu_shares", "cpu_quota", "cpu_period", "cpuset"),
        *("pull_policy", "pull_refresh_after"),
    ),
    **_refuse(BASELINE, "privileged", "cap_add", "group_add", "sysctls", "runtime", "isolation", "annotations"),
    **_refuse(BASELINE, "cgroup", "cgroup_parent", "oom_kill_disable", "oom_score_adj", "blkio_config"),
    **_refuse(BASELINE, "cpu_rt_period", "cpu_rt_runtime", "storage_opt", "credential_spec"),
    **_refuse(HOST, "devices", "device_cgroup_rules", "gpus", "pid", "ipc", "uts", "userns_mode"),
    **_refuse(HOST, "network_mode", hint="leave it out: every service is on the workspace's own network"),
    **_refuse("it hands Docker itself to the container", "use_api_socket"),
    **_refuse("it takes over another container's folders", "volumes_from", hint="share a named volume instead"),
    **_refuse(NAMES, "links", "external_links", "extra_hosts", "dns", "dns_opt", "dns_search", "mac_address"),
    **_refuse(OUTSIDE, "provider", "develop", "post_start", "pre_stop", "models"),
    **_refuse(FILES, "extends", "label_file"),
    **_refuse(
        FILES, "env_file", hint="name the variables under `environment:`; a bare NAME takes its value from .env"
    ),
    **_refuse(TOP["secrets"].why, "secrets", "configs", hint=TOP["secrets"].hint),
}

BUILD: Table = {
    **_allow("context", "dockerfile", "target", "args"),
    **_override("labels", "no_cache", "no_cache_filter", "pull", "provenance", "sbom", "shm_size", "ulimits"),
    **_override("platforms", "isolation"),
    **_refuse("the Dockerfile must be a file of the workspace", "dockerfile_inline"),
    **_refuse("everything a build sees must lie in its context", "additional_contexts", "secrets", "ssh"),
    **_refuse("a build runs on the workspace's own network", "network", "extra_hosts"),
    **_refuse(BASELINE, "privileged", "entitlements"),
    **_refuse("a build's cache is the workspace's own", "cache_from", "cache_to"),
    **_refuse("images are named by their content", "tags"),
}

DEPLOY: Table = {
    **_allow("mode", "replicas", "resources"),
    **_override("endpoint_mode", "labels", "rollback_config", "update_config", "restart_policy", "placement"),
}
RESOURCES: Table = _allow("limits", "reservations")
LIMITS: Table = _override("cpus", "memory", "pids")
RESERVATIONS: Table = {
    **_override("cpus", "memory", "pids"),
    **_refuse(HOST, "devices"),
    **_refuse(ALONE, "generic_resources"),
}

HEALTH: Table = _allow("disable", "interval", "retries", "test", "timeout", "start_period", "start_interval")
DEPENDS: Table = {**_allow("condition", "required"), **_override("restart")}
PORT: Table = {
    **_allow("target", "published", "protocol"),
    **_override("name", "mode", "host_ip", "app_protocol"),
}
OWN_NETWORK: Table = {
    **_allow("aliases"),
    **_override("priority", "gw_priority", "interface_name"),
    **_refuse("addresses are given by Slipway", "ipv4_address", "ipv6_address", "link_local_ips", "mac_address"),
    **_refuse(HOST, "driver_opts"),
}

MOUNT: Table = {
    **_allow("type", "source", "target", "read_only", "bind", "volume", "tmpfs"),
    **_override("consistency"),
    **_refuse("images are not mounted here", "image"),
}
BIND: Table = {
    **_allow("create_host_path"),
    **_refuse("mounts are never shared with the host", "propagation", "recursive"),
    **_override("selinux"),
}
VOLUME: Table = {
    **_allow("nocopy"),
    **_override("labels"),
    **_refuse("a volume is mounted whole", "subpath"),
}
TMPFS: Table = _allow("size", "mode")

NAMED_VOLUME: Table = {
    **_allow("driver", "external"),
    **_override("labels"),
    **_refuse("it may mount anything of the host", "driver_opts"),
    **_refuse("volumes are named by Slipway", "name"),
}
NAMED_NETWORK: Table = {
    **_allow("driver", "external", "internal"),
    **_override("labels", "attachable", "enable_ipv4", "enable_ipv6"),
    **_refuse(HOST, "driver_opts"),
    **_refuse("addresses are given by Slipway", "ipam"),
    **_refuse("networks are named by Slipway", "name"),
}
