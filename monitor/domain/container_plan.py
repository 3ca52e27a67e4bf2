"""From a launch spec to the containers that run it and that install its dependencies: the baseline, spelled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.domain import labels
from monitor.domain.container import ContainerPlan, Health, Limit, Mount, MountKind, NetworkPlan
from monitor.domain.docker_names import Names
from monitor.domain.instance_env import downloads, instance_env
from monitor.domain.launch import LaunchSpec, Limits, Source
from monitor.domain.sizes import MIB

SERVICE = "app"
SCRATCH = "/tmp"  # noqa: S108  the container's own
HOMELESS = f"{SCRATCH}/home"
"""The home of a user an image does not know."""
CA_TARGET = "/etc/slipway-ca.pem"
CA_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
)
"""How the usual package managers are told of a CA bundle."""

START_SOON = Health(start_period=300_000, start_interval=50)
START_BUILD = Health(start_period=1_800_000, start_interval=500)
"""Beginning a probe costs some 25 ms of one core, waiting in it nearly nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one container finds its things on this host.

    `source` and `control` are absolute folders, `ca` the extra CA bundle's file or "". `cpus` is how many the
    machine has: Docker refuses a limit above it. `lacks` are limits this kernel cannot keep: asked for, Docker
    would refuse them or drop them silently.
    """

    names: Names
    image: str
    network: NetworkPlan
    source: str
    control: str
    ca: str = ""
    cpus: float = 1.0
    lacks: frozenset[Limit] = frozenset()


def network_labels(names: Names, workspace: str) -> dict[str, str]:
    """What a workspace's network carries: whose it is, and what Compose would have written."""
    return {
        **_own(names, workspace),
        labels.COMPOSE_PROJECT: names.project(workspace),
        labels.COMPOSE_NETWORK: "default",
    }


def plan_app(spec: LaunchSpec, generation: int, place: Place, route_labels: Mapping[str, str]) -> ContainerPlan:
    """The container that serves `spec`, as this generation of it."""
    own = {
        **_own(place.names, spec.workspace),
        labels.ROLE: labels.ROLE_APP,
        labels.SPEC_HASH: spec.hash,
        labels.GENERATION: str(generation),
        labels.PORT: str(spec.port),
        labels.COMPOSE_PROJECT: place.names.project(spec.workspace),
        labels.COMPOSE_SERVICE: SERVICE,
        labels.COMPOSE_NUMBER: "1",
        labels.COMPOSE_ONEOFF: "False",
        labels.COMPOSE_CONFIG_HASH: spec.hash,
    }
    with_ca = place.ca if spec.source is Source.COPY else ""
    env = {**instance_env(spec), **_places(), "HOST": "0.0.0.0", **_ca_env(with_ca)}
    return ContainerPlan(
        name=place.names.container(spec.workspace, generation),
        image=place.image,
        project=place.names.project(spec.workspace),
        service=SERVICE,
        user=spec.user,
        env=_pairs(env),
        labels=_pairs({**route_labels, **own}),
        mounts=(*_folders(place, with_ca), *_app_volumes(spec, place.names)),
        tmpfs=_tmpfs(spec.limits, read_only=spec.read_only),
        limits=fitting(spec.limits, place),
        swap_limited=Limit.SWAP not in place.lacks,
        network=place.network,
        health=_health(spec),
        read_only=spec.read_only,
    )


def plan_install(spec: LaunchSpec, place: Place, script: str) -> ContainerPlan:
    """The container that installs `spec`'s dependencies, under the same baseline.

    Its environment is empty: what it needs stands in `script`, because Docker keeps a committed container's
    variables in the image for good.
    """
    return ContainerPlan(
        name=place.names.installer(spec.workspace, spec.deps_key),
        image=place.image,
        project=place.names.project(spec.workspace),
        service="install",
        user=spec.user,
        env=(),
        labels=_pairs({**_own(place.names, spec.workspace), labels.ROLE: labels.ROLE_INSTALL}),
        mounts=(*_folders(place, place.ca), _cache(spec.workspace, place.names)),
        tmpfs=_tmpfs(spec.limits, read_only=False),
        limits=fitting(spec.limits, place),
        swap_limited=Limit.SWAP not in place.lacks,
        network=place.network,
        script=script,
    )


def plan_run(spec: LaunchSpec, command: str, place: Place) -> ContainerPlan:
    """The container that runs a person's command: as the one that serves, but nobody is led to it or waits for it.

    `spec` is that of `monitor.domain.command.once`.
    """
    own = {**_own(place.names, spec.workspace), labels.ROLE: labels.ROLE_RUN}
    return replace(
        plan_app(spec, 0, place, {}),
        name=place.names.run(spec.workspace, command),
        service="run",
        labels=_pairs(own),
        health=None,
        script="exec slipway-entrypoint once",
    )


def install_variables(env: Mapping[str, str], place: Place) -> dict[str, str]:
    """The installer's whole environment, given its contract's."""
    return {**env, **_places(), **_ca_env(place.ca)}


def volume_labels(names: Names, workspace: str, role: str) -> dict[str, str]:
    """What a workspace's volume carries; `role` is also its name in the compose text."""
    return {
        **_own(names, workspace),
        labels.ROLE: role,
        labels.COMPOSE_PROJECT: names.project(workspace),
        labels.COMPOSE_VOLUME: role,
    }


def _own(names: Names, workspace: str) -> dict[str, str]:
    return {labels.INSTALL_ID: names.install_id, labels.WORKSPACE: workspace}


def _places() -> dict[str, str]:
    return {"HOME": HOMELESS, "TMPDIR": SCRATCH}


def _ca_env(ca: str) -> dict[str, str]:
    return dict.fromkeys(CA_VARIABLES, CA_TARGET) if ca else {}


def _folders(place: Place, ca: str) -> tuple[Mount, ...]:
    folders = [(place.source, "/workspace"), (place.control, "/slipway"), *([(ca, CA_TARGET)] if ca else [])]
    return tuple(Mount(MountKind.BIND, source, target, read_only=True) for source, target in folders)


def _app_volumes(spec: LaunchSpec, names: Names) -> tuple[Mount, ...]:
    data = [_data(spec.workspace, names)] if spec.source is Source.COPY or spec.data else []
    return (*data, *([_cache(spec.workspace, names)] if downloads(spec) else []))


def _data(workspace: str, names: Names) -> Mount:
    return _volume(names, workspace, names.data(workspace), labels.ROLE_DATA)


def _cache(workspace: str, names: Names) -> Mount:
    return _volume(names, workspace, names.cache(workspace), labels.ROLE_CACHE)


def _volume(names: Names, workspace: str, name: str, role: str) -> Mount:
    owned = _pairs(volume_labels(names, workspace, role))
    return Mount(MountKind.VOLUME, name, f"/{role}", key=role, labels=owned)


def _tmpfs(limits: Limits, *, read_only: bool) -> tuple[tuple[str, str], ...]:
    scratch = (SCRATCH, f"rw,nosuid,nodev,exec,mode=1777,size={limits.tmp}")
    return (("/app", f"rw,nosuid,nodev,noexec,mode=1777,size={MIB}"), scratch) if read_only else (scratch,)


def fitting(limits: Limits, place: Place) -> Limits:
    """Limits as this machine can keep them."""
    kept = replace(limits, cpus=min(limits.cpus, place.cpus))
    return replace(kept, **{lacking.value: 0 for lacking in place.lacks - {Limit.SWAP}})


def _health(spec: LaunchSpec) -> Health:
    return START_BUILD if spec.source is Source.COPY and downloads(spec) else START_SOON


def _pairs(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))
