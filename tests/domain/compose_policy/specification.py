"""Every key of the compose specification, what becomes of it here, and a value that says it.

The keys are those of the specification's JSON schema. `allow` keys are carried over, `override` keys make
no difference, `refuse` keys make the file unusable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

A, O, R = "allow", "override", "refuse"  # noqa: E741


@dataclass(frozen=True)
class Place:
    """A table of the document: how it is reached from the top, and what must stand beside a key there."""

    path: tuple[str | int, ...]
    beside: dict[str, Any]


TOP = Place((), {"services": {"web": {"image": "nginx"}}})
SERVICE = Place(("services", "web"), {"image": "nginx"})
BUILD = Place(("services", "web", "build"), {"context": "."})
DEPLOY = Place(("services", "web", "deploy"), {})
RESOURCES = Place((*DEPLOY.path, "resources"), {})
LIMITS = Place((*RESOURCES.path, "limits"), {})
RESERVATIONS = Place((*RESOURCES.path, "reservations"), {})
HEALTH = Place(("services", "web", "healthcheck"), {"test": "true"})
DEPENDS = Place(("services", "web", "depends_on", "db"), {"condition": "service_started"})
PORT = Place(("services", "web", "ports", 0), {"target": 80})
OWN_NETWORK = Place(("services", "web", "networks", "front"), {})
MOUNT = Place(("services", "web", "volumes", 0), {"type": "volume", "source": "kept", "target": "/kept"})
BIND = Place((*MOUNT.path, "bind"), {})
VOLUME = Place((*MOUNT.path, "volume"), {})
TMPFS = Place((*MOUNT.path, "tmpfs"), {})
NAMED_VOLUME = Place(("volumes", "kept"), {})
NAMED_NETWORK = Place(("networks", "front"), {})

KEYS: dict[str, tuple[Place, dict[str, tuple[str, Any]]]] = {
    "top": (
        TOP,
        {
            "services": (A, {"web": {"image": "nginx"}}),
            "networks": (A, {"front": None}),
            "volumes": (A, {"kept": None}),
            "version": (O, "3.8"),
            "name": (O, "other-project"),
            "include": (R, ["other.yaml"]),
            "models": (R, {"m": {"model": "x"}}),
            "secrets": (R, {"s": {"file": "/etc/shadow"}}),
            "configs": (R, {"c": {"environment": "SLIPWAY_TOKEN"}}),
        },
    ),
    "service": (
        SERVICE,
        {
            "annotations": (R, {"a": "b"}),
            "attach": (O, False),
            "blkio_config": (R, {"weight": 300}),
            "build": (A, "."),
            "cap_add": (R, ["NET_ADMIN"]),
            "cap_drop": (O, ["CHOWN"]),
            "cgroup": (R, "host"),
            "cgroup_parent": (R, "/"),
            "command": (A, "nginx -g daemon"),
            "configs": (R, ["c"]),
            "container_name": (O, "traefik"),
            "cpu_count": (O, 64),
            "cpu_percent": (O, 100),
            "cpu_period": (O, 1000),
            "cpu_quota": (O, -1),
            "cpu_rt_period": (R, 1000),
            "cpu_rt_runtime": (R, 1000),
            "cpu_shares": (O, 4096),
            "cpus": (O, 64),
            "cpuset": (O, "0-63"),
            "credential_spec": (R, {"file": "x"}),
            "depends_on": (A, ["db"]),
            "deploy": (A, {"replicas": 1}),
            "develop": (R, {"watch": []}),
            "device_cgroup_rules": (R, ["c 1:3 mr"]),
            "devices": (R, ["/dev/sda"]),
            "dns": (R, "10.0.0.1"),
            "dns_opt": (R, ["use-vc"]),
            "dns_search": (R, "example.org"),
            "domainname": (O, "example.org"),
            "entrypoint": (A, ["/bin/sh"]),
            "env_file": (R, ".env"),
            "environment": (A, {"A": "b"}),
            "expose": (A, ["80"]),
            "extends": (R, {"service": "db"}),
            "external_links": (R, ["other"]),
            "extra_hosts": (R, ["host.docker.internal:host-gateway"]),
            "gpus": (R, "all"),
            "group_add": (R, ["docker"]),
            "healthcheck": (A, {"test": "true"}),
            "hostname": (O, "host"),
            "image": (A, "nginx:1.27"),
            "init": (A, True),
            "ipc": (R, "host"),
            "isolation": (R, "default"),
            "label_file": (R, "labels"),
            "labels": (A, {"org.example.a": "b"}),
            "links": (R, ["db"]),
            "logging": (O, {"driver": "syslog", "options": {"syslog-address": "udp://10.0.0.1"}}),
            "mac_address": (R, "02:42:ac:11:00:02"),
            "mem_limit": (O, "64g"),
            "mem_reservation": (O, "64g"),
            "mem_swappiness": (O, 100),
            "memswap_limit": (O, -1),
            "models": (R, ["m"]),
            "network_mode": (R, "host"),
            "networks": (A, ["front"]),
            "oom_kill_disable": (R, True),
            "oom_score_adj": (R, -1000),
            "pid": (R, "host"),
            "pids_limit": (O, -1),
            "platform": (A, "linux/amd64"),
            "ports": (A, ["8080:80"]),
            "post_start": (R, [{"command": "true", "user": "root"}]),
            "pre_stop": (R, [{"command": "true", "privileged": True}]),
            "privileged": (R, True),
            "profiles": (A, []),
            "provider": (R, {"type": "x"}),
            "pull_policy": (O, "always"),
            "pull_refresh_after": (O, "1d"),
            "read_only": (A, True),
            "restart": (O, "always"),
            "runtime": (R, "runc"),
            "scale": (A, 1),
            "secrets": (R, ["s"]),
            "security_opt": (O, ["seccomp:unconfined"]),
            "shm_size": (A, "64m"),
            "stdin_open": (A, True),
            "stop_grace_period": (A, "3s"),
            "stop_signal": (A, "SIGINT"),
            "storage_opt": (R, {"size": "1T"}),
            "sysctls": (R, {"net.core.somaxconn": 1}),
            "tmpfs": (A, "/run:size=1m"),
            "tty": (A, True),
            "ulimits": (A, {"nofile": 1024}),
            "use_api_socket": (R, True),
            "user": (A, "1000:1000"),
            "userns_mode": (R, "host"),
            "uts": (R, "host"),
            "volumes": (A, ["kept:/kept"]),
            "volumes_from": (R, ["db"]),
            "working_dir": (A, "/srv"),
        },
    ),
    "build": (
        BUILD,
        {
            "additional_contexts": (R, {"x": "../x"}),
            "args": (A, {"A": "b"}),
            "cache_from": (R, ["x"]),
            "cache_to": (R, ["x"]),
            "context": (A, "web"),
            "dockerfile": (A, "other.Dockerfile"),
            "dockerfile_inline": (R, "FROM x"),
            "entitlements": (R, ["security.insecure"]),
            "extra_hosts": (R, ["a:10.0.0.1"]),
            "isolation": (O, "default"),
            "labels": (O, {"traefik.enable": "true"}),
            "network": (R, "host"),
            "no_cache": (O, True),
            "no_cache_filter": (O, ["x"]),
            "platforms": (O, ["linux/arm64"]),
            "privileged": (R, True),
            "provenance": (O, True),
            "pull": (O, True),
            "sbom": (O, True),
            "secrets": (R, ["s"]),
            "shm_size": (O, "64g"),
            "ssh": (R, ["default"]),
            "tags": (R, ["debian:trixie-slim"]),
            "target": (A, "stage"),
            "ulimits": (O, {"nofile": 1}),
        },
    ),
    "deploy": (
        DEPLOY,
        {
            "mode": (A, "replicated"),
            "replicas": (A, 1),
            "resources": (A, {"limits": {"cpus": "64"}}),
            "endpoint_mode": (O, "vip"),
            "labels": (O, {"traefik.enable": "true"}),
            "placement": (O, {"constraints": ["node.role==manager"]}),
            "restart_policy": (O, {"condition": "any"}),
            "rollback_config": (O, {"parallelism": 1}),
            "update_config": (O, {"parallelism": 1}),
        },
    ),
    "resources": (RESOURCES, {"limits": (A, {"cpus": "1"}), "reservations": (A, {"memory": "1g"})}),
    "limits": (LIMITS, {"cpus": (O, "64"), "memory": (O, "64g"), "pids": (O, 10**6)}),
    "reservations": (
        RESERVATIONS,
        {
            "cpus": (O, "64"),
            "memory": (O, "64g"),
            "pids": (O, 1),
            "devices": (R, [{"capabilities": ["gpu"]}]),
            "generic_resources": (R, [{"discrete_resource_spec": {"kind": "GPU", "value": 1}}]),
        },
    ),
    "healthcheck": (
        HEALTH,
        {
            "disable": (A, True),
            "interval": (A, "5s"),
            "retries": (A, 2),
            "start_interval": (A, "1s"),
            "start_period": (A, "1m30s"),
            "test": (A, ["CMD", "true"]),
            "timeout": (A, "1s"),
        },
    ),
    "depends_on": (
        DEPENDS,
        {"condition": (A, "service_healthy"), "required": (A, False), "restart": (O, True)},
    ),
    "port": (
        PORT,
        {
            "target": (A, 8080),
            "published": (A, "8080"),
            "protocol": (A, "tcp"),
            "app_protocol": (O, "http"),
            "host_ip": (O, "0.0.0.0"),
            "mode": (O, "host"),
            "name": (O, "web"),
        },
    ),
    "service network": (
        OWN_NETWORK,
        {
            "aliases": (A, ["other-name"]),
            "driver_opts": (R, {"com.docker.network.endpoint.sysctls": "x"}),
            "gw_priority": (O, 1),
            "interface_name": (O, "eth7"),
            "ipv4_address": (R, "10.0.0.2"),
            "ipv6_address": (R, "fd00::2"),
            "link_local_ips": (R, ["169.254.169.254"]),
            "mac_address": (R, "02:42:ac:11:00:02"),
            "priority": (O, 1),
        },
    ),
    "mount": (
        MOUNT,
        {
            "type": (A, "volume"),
            "source": (A, "kept"),
            "target": (A, "/other"),
            "read_only": (A, True),
            "bind": (A, {"create_host_path": False}),
            "volume": (A, {"nocopy": True}),
            "tmpfs": (A, None),
            "consistency": (O, "cached"),
            "image": (R, {"subpath": "x"}),
        },
    ),
    "bind": (
        BIND,
        {
            "create_host_path": (A, True),
            "propagation": (R, "rshared"),
            "recursive": (R, "enabled"),
            "selinux": (O, "z"),
        },
    ),
    "volume option": (
        VOLUME,
        {"labels": (O, {"a": "b"}), "nocopy": (A, True), "subpath": (R, "../x")},
    ),
    "tmpfs option": (TMPFS, {"size": (A, 1024), "mode": (A, 448)}),
    "named volume": (
        NAMED_VOLUME,
        {
            "driver": (A, "local"),
            "driver_opts": (R, {"type": "none", "o": "bind", "device": "/"}),
            "external": (A, False),
            "labels": (O, {"a": "b"}),
            "name": (R, "somebody-elses"),
        },
    ),
    "named network": (
        NAMED_NETWORK,
        {
            "attachable": (O, True),
            "driver": (A, "bridge"),
            "driver_opts": (R, {"com.docker.network.bridge.name": "docker0"}),
            "enable_ipv4": (O, True),
            "enable_ipv6": (O, True),
            "external": (A, False),
            "internal": (A, False),
            "ipam": (R, {"config": [{"subnet": "10.0.0.0/8"}]}),
            "labels": (O, {"a": "b"}),
            "name": (R, "host"),
        },
    ),
}

FORBIDDEN: list[tuple[str, Place, str, Any, str]] = [
    ("more than one copy", DEPLOY, "replicas", 2, "one copy"),
    ("a copy on every machine", DEPLOY, "mode", "global", "replicated"),
    ("scaled", SERVICE, "scale", 3, "one copy"),
    ("root", SERVICE, "user", "root", "root"),
    ("root by number", SERVICE, "user", "0:0", "root"),
    ("root by a longer number", SERVICE, "user", "000", "root"),
    ("much shared memory", SERVICE, "shm_size", "2g", "at most"),
    ("many files", SERVICE, "ulimits", {"nofile": {"soft": 1, "hard": 10**6}}, "between"),
    ("a route by label", SERVICE, "labels", {"traefik.http.routers.x.rule": "PathPrefix(`/`)"}, "traefik."),
    ("a route by label in capitals", SERVICE, "labels", ["Traefik.enable=true"], "not allowed"),
    ("our label", SERVICE, "labels", {"slipway.workspace": "other"}, "slipway."),
    ("Docker's label", SERVICE, "labels", ["com.docker.compose.project=other"], "com.docker."),
    (
        "the Docker socket",
        SERVICE,
        "volumes",
        ["/var/run/docker.sock:/sock:ro"],
        "inside the workspace",
    ),
    ("the root folder", SERVICE, "volumes", ["/:/host:ro"], "inside the workspace"),
    ("the home folder", SERVICE, "volumes", ["~/.ssh:/ssh:ro"], "inside the workspace"),
    ("a folder above", SERVICE, "volumes", ["../other:/x:ro"], "leads out"),
    ("a folder above, hidden", SERVICE, "volumes", ["./a/../../other:/x:ro"], "leads out"),
    ("a writable bind", SERVICE, "volumes", ["./src:/app"], "writable"),
    ("a shared mount", SERVICE, "volumes", ["./src:/app:ro,rshared"], "never shared"),
    ("a mount over /proc", SERVICE, "volumes", ["kept:/proc/sys"], "must not be mounted"),
    ("a volume nobody declared", SERVICE, "volumes", ["other:/x"], "stands nowhere"),
    ("a device as a bind", SERVICE, "volumes", [{"type": "bind", "source": "/dev/mem", "target": "/x"}], "writable"),
    ("a cluster volume", SERVICE, "volumes", [{"type": "cluster", "source": "x", "target": "/x"}], "must be"),
    ("an unbounded tmpfs", SERVICE, "tmpfs", "/run:size=100g", "at most"),
    ("a tmpfs that runs as it likes", SERVICE, "tmpfs", "/run:suid", "not an option"),
    ("a remote context", SERVICE, "build", "https://example.org/x.git", "nothing is fetched"),
    ("a git context", SERVICE, "build", {"context": "git@example.org:x.git"}, "nothing is fetched"),
    ("a context outside", SERVICE, "build", {"context": ".."}, "leads out"),
    ("an absolute context", SERVICE, "build", {"context": "/etc"}, "inside the workspace"),
    ("a Dockerfile outside", BUILD, "dockerfile", "../../Dockerfile", "leads out"),
    ("an image by its id", SERVICE, "image", "79ebbc23b88d", "id"),
    ("an image by its digest alone", SERVICE, "image", "sha256:" + "0" * 64, "of a registry"),
    ("an image of another workspace", SERVICE, "image", "slipway/build:00000000-0", "made on this machine"),
    ("the same with its registry", SERVICE, "image", "docker.io/slipway/deps:x", "made on this machine"),
    ("another platform", SERVICE, "platform", "windows/amd64", "Linux"),
    ("a remote volume", NAMED_VOLUME, "driver", "nfs", "left out"),
    ("a volume of others", NAMED_VOLUME, "external", True, "not allowed"),
    ("a network of others", NAMED_NETWORK, "external", {"name": "host"}, "not allowed"),
    ("the host's network", NAMED_NETWORK, "driver", "host", "left out"),
    ("a closed network", NAMED_NETWORK, "internal", True, "not supported"),
    ("an alias that is no name", OWN_NETWORK, "aliases", ["a b"], "host name"),
    ("a service that is not there", SERVICE, "depends_on", ["nobody"], "no service"),
    ("a command with a NUL", SERVICE, "command", "a\0b", "NUL"),
]
"""Values of allowed keys that are refused: what it is, where, the key, the value, a piece of the reason."""
