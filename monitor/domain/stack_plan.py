"""From a stack to its containers: the same baseline for every one of them, the front's own generation among them.

The front (the service visitors reach) is a new container in each generation and runs beside the old one until it
answers. Its companions belong to the workspace: they stay as long as nothing about them changes, as Compose does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.domain import labels
from monitor.domain.container import ContainerPlan, Health, Limit, Mount, MountKind
from monitor.domain.container_plan import CA_TARGET, CA_VARIABLES, HOMELESS, SCRATCH, Place, fitting
from monitor.domain.docker_names import Names
from monitor.domain.launch import LaunchSpec
from monitor.domain.stack import Attached, Check, Service, Stack, unnamed_volume

DEFAULT_PORT = 8000
PROBED_MS = 1_000
"""How often a health check is asked while its container starts: Docker's own first answer comes after 30 s."""
STARTS_MS = 60_000


@dataclass(frozen=True, slots=True)
class Image:
    """What an image says of itself, as far as it matters here.

    `user` is the uid and gid its own `USER` means, None for root. `volumes` are paths, `ports` its TCP ports in
    order, `env` its variables.
    """

    name: str
    user: tuple[int, int] | None = None
    volumes: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """What a stack's containers need to be planned: images and users by service, binds by their key.

    `users` are those a service asks for, resolved; a service without an entry runs as its image's user, or the
    workspace's where that is root.
    """

    images: Mapping[str, Image]
    users: Mapping[str, tuple[int, int]]
    binds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StackPlan:
    """The containers in the order of the stack; `front` is one of them. `port` is where it listens."""

    containers: tuple[ContainerPlan, ...]
    front: ContainerPlan
    port: int


def plan_stack(spec: LaunchSpec, stack: Stack, generation: int, place: Place, cast: Cast) -> StackPlan:
    """Every container of `stack`, which is `spec`'s, as this generation of it."""
    port = front_port(stack, cast.images[stack.front])
    plans = {one.name: _companion(spec, one, place, cast) for one in stack.services}
    plans[stack.front] = _as_front(plans[stack.front], spec, generation, port, place.names, cast)
    return StackPlan(tuple(plans.values()), plans[stack.front], port)


def front_port(stack: Stack, image: Image) -> int:
    """Where the front listens: what its author published, else what its image exposes or says in PORT."""
    if stack.port:
        return stack.port
    said = {**dict(image.env), **dict(stack.service(stack.front).env)}.get("PORT", "")
    if said.isascii() and said.isdigit() and 0 < int(said) < 65_536:
        return int(said)
    return image.ports[0] if image.ports else DEFAULT_PORT


def front_key(service: str, generation: int) -> str:
    """The front's name in the compose text: another one for each generation."""
    return f"{service}.{generation}"


def _companion(spec: LaunchSpec, one: Service, place: Place, cast: Cast) -> ContainerPlan:
    image = cast.images[one.name]
    names = place.names
    own = {
        labels.INSTALL_ID: names.install_id,
        labels.WORKSPACE: spec.workspace,
        labels.ROLE: labels.ROLE_PART,
        labels.COMPOSE_PROJECT: names.project(spec.workspace),
        labels.COMPOSE_SERVICE: one.name,
    }
    user = cast.users.get(one.name) or image.user
    return ContainerPlan(
        name=names.part(spec.workspace, one.name),
        image=image.name,
        project=names.project(spec.workspace),
        service=one.name,
        user=user or spec.user,
        env=_env(one, image, place.ca, homeless=user is None),
        labels=_pairs({**dict(one.labels), **own}),
        mounts=(*_mounts(spec, one, image, place, cast), *_ca(place)),
        tmpfs=_tmpfs(spec, one),
        limits=fitting(spec.limits, place),
        swap_limited=Limit.SWAP not in place.lacks,
        network=place.network,
        health=health(one.check),
        read_only=one.read_only,
        entrypoint=one.entrypoint,
        command=one.command,
        working_dir=one.working_dir,
        stop_signal=one.stop_signal,
        stop_grace=one.stop_grace,
        platform=one.platform,
        tty=one.tty,
        stdin_open=one.stdin_open,
        more_aliases=one.aliases,
        needs=one.needs,
    )


def _as_front(
    plan: ContainerPlan, spec: LaunchSpec, generation: int, port: int, names: Names, cast: Cast
) -> ContainerPlan:
    """The container visitors reach: it carries the generation, and is told port and prefix where it does not say."""
    service = plan.service
    own = {
        labels.ROLE: labels.ROLE_APP,
        labels.SPEC_HASH: spec.hash,
        labels.GENERATION: str(generation),
        labels.PORT: str(port),
        labels.STACK: service,
        labels.COMPOSE_SERVICE: front_key(service, generation),
    }
    said = {**dict(cast.images[service].env), **dict(plan.env)}
    told = {"PORT": str(port), "BASE_PATH": spec.base_path.rstrip("/")}
    added = {name: value for name, value in told.items() if name not in said}
    return replace(
        plan,
        name=names.container(spec.workspace, generation),
        service=front_key(service, generation),
        labels=_pairs({**dict(plan.labels), **own}),
        env=_pairs({**added, **dict(plan.env)}),
        more_aliases=(service, *plan.more_aliases),
    )


def health(check: Check | None) -> Health | None:
    """A check of the user's own; asked soon while it starts, so that who waits for it does not wait for nothing."""
    if check is None:
        return None
    if not check.test:
        return Health(0, 0, 0, 0, 0, ("NONE",))
    return Health(
        start_period=check.start_period or STARTS_MS,
        start_interval=check.start_interval or PROBED_MS,
        interval=check.interval or 30_000,
        timeout=check.timeout or 30_000,
        retries=check.retries or 3,
        test=check.test,
    )


def _env(one: Service, image: Image, ca: str, *, homeless: bool) -> tuple[tuple[str, str], ...]:
    """What the service says, and a home for a user its image does not know."""
    said = {name for name, _ in (*one.env, *image.env)}
    given = {"HOME": HOMELESS, "TMPDIR": SCRATCH} if homeless else {}
    given |= dict.fromkeys(CA_VARIABLES, CA_TARGET) if ca else {}
    return _pairs({**{name: value for name, value in given.items() if name not in said}, **dict(one.env)})


def _mounts(spec: LaunchSpec, one: Service, image: Image, place: Place, cast: Cast) -> tuple[Mount, ...]:
    covered = {attached.target for attached in one.attached} | {scratch.target for scratch in one.scratch} | {SCRATCH}
    unnamed = [Attached(unnamed_volume(one.name, path), path) for path in image.volumes if path not in covered]
    return tuple(_mount(spec.workspace, each, place.names, cast) for each in (*one.attached, *unnamed))


def _mount(workspace: str, attached: Attached, names: Names, cast: Cast) -> Mount:
    if attached.bind:
        return Mount(MountKind.BIND, cast.binds[attached.key], attached.target, read_only=True)
    owned = {
        labels.INSTALL_ID: names.install_id,
        labels.WORKSPACE: workspace,
        labels.ROLE: labels.ROLE_DATA,
        labels.COMPOSE_PROJECT: names.project(workspace),
        labels.COMPOSE_VOLUME: attached.source,
    }
    source = names.volume(workspace, attached.source)
    return Mount(
        MountKind.VOLUME, source, attached.target, attached.read_only, key=attached.source, labels=_pairs(owned)
    )


def _ca(place: Place) -> tuple[Mount, ...]:
    return (Mount(MountKind.BIND, place.ca, CA_TARGET, read_only=True),) if place.ca else ()


def _tmpfs(spec: LaunchSpec, one: Service) -> tuple[tuple[str, str], ...]:
    """The scratch folder as everywhere, and what the service asks for; a mount of its own there stands."""
    sized = {scratch.target: (scratch.size, scratch.mode) for scratch in one.scratch}
    if SCRATCH not in {attached.target for attached in one.attached}:
        sized.setdefault(SCRATCH, (spec.limits.tmp, "1777"))
    return tuple(
        (target, f"rw,nosuid,nodev,exec,mode={mode},size={size}") for target, (size, mode) in sorted(sized.items())
    )


def _pairs(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))
