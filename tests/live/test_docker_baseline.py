"""What an instance may and what it is told: read back from Docker for every project type (R10, R15, R19)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine import DockerEngine
from monitor.domain import labels
from monitor.domain.launch import LaunchSpec, Limits, ProjectType, Source
from monitor.domain.sizes import MIB
from monitor.ports.engine import LaunchFailed
from tests.contracts.engine_world import WS, ended, ready
from tests.live.docker_world import USER, DockerWorld, route_labels

pytestmark = pytest.mark.docker

TYPES = ["node", "python", "php", "go", "ruby", "static"]
COMPOSE_WRITES = ("com.docker.compose.",)


@pytest.fixture
def world(docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
    world = DockerWorld(docker_host, tmp_path)
    yield world
    world.close()


@pytest.fixture
def engine(world: DockerWorld) -> DockerEngine:
    return world.engine()


def quiet(_line: str) -> None:
    """Progress nobody reads."""


def idle(kind: str) -> LaunchSpec:
    """A spec of that type which just stays."""
    static = kind == "static"
    source = Source.DIRECT if kind in {"static", "php"} else Source.COPY
    limits = Limits(memory=200 * MIB, cpus=0.5, pids=100, nofile=1024, tmp=8 * MIB)
    return LaunchSpec(WS, ProjectType(kind), kind, "sleep 600", USER, source=source, read_only=static, limits=limits)


async def started(engine: DockerEngine, world: DockerWorld, spec: LaunchSpec) -> dict[str, Any]:
    launch = world.launch()
    await engine.prepare(spec, launch, quiet)
    return world.inspect((await engine.start(spec, launch, 1)).id)


@pytest.mark.parametrize("kind", TYPES)
async def test_every_type_runs_under_the_whole_baseline(world: DockerWorld, engine: DockerEngine, kind: str) -> None:
    seen = await started(engine, world, idle(kind))
    host, config = seen["HostConfig"], seen["Config"]
    assert config["User"] == "65532:65532"
    assert (host["CapAdd"], host["CapDrop"]) == (None, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Privileged"] is False
    assert host["ReadonlyRootfs"] is (kind == "static")
    assert (host["Memory"], host["MemorySwap"]) == (200 * MIB, 200 * MIB)
    assert (host["NanoCpus"], host["PidsLimit"]) == (500_000_000, 100)
    assert host["Ulimits"] == [{"Name": "nofile", "Hard": 1024, "Soft": 1024}]
    assert host["OomKillDisable"] in (None, False)
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "2", "max-size": "5m"}}
    assert host["Init"] is True
    assert (host["PidMode"], host["UTSMode"], host["UsernsMode"]) == ("", "", "")
    assert (host["IpcMode"], host["CgroupnsMode"]) == ("private", "private")
    assert not host["PortBindings"]
    assert not host["PublishAllPorts"]
    assert not host["Devices"]
    assert not host["Binds"]
    assert not host["VolumesFrom"]
    assert not host["ExtraHosts"]
    assert host["MaskedPaths"]
    assert host["ReadonlyPaths"]
    assert host["Tmpfs"]["/tmp"] == f"rw,nosuid,nodev,exec,mode=1777,size={8 * MIB}"
    assert ("/app" in host["Tmpfs"]) is (kind == "static")


@pytest.mark.parametrize("kind", TYPES)
async def test_every_type_is_on_its_own_small_network_with_its_source_read_only(
    world: DockerWorld, engine: DockerEngine, kind: str
) -> None:
    seen = await started(engine, world, idle(kind))
    assert list(seen["NetworkSettings"]["Networks"]) == [f"slipway-{world.installs['one'][:8]}-{WS}"]
    assert not any(seen["NetworkSettings"]["Ports"].values())
    (network,) = seen["NetworkSettings"]["Networks"].values()
    assert network["IPPrefixLen"] == 28
    assert network["IPAddress"].startswith("10.214.")
    binds = {m["Destination"]: (m["RW"], m["Propagation"]) for m in seen["Mounts"] if m["Type"] == "bind"}
    assert {"/workspace", "/slipway"} <= binds.keys()
    assert set(binds.values()) == {(False, "rprivate")}


async def test_it_is_told_its_contract_and_nothing_of_ours(
    world: DockerWorld, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_TOKEN", "canary-in-our-environment")
    spec = replace(world.copying(), env=(("GREETING", "it's $HOME"), ("PORT", "1")))
    launch = world.launch()
    await engine.prepare(spec, launch, quiet)
    up = await ready(engine, await engine.start(spec, launch, 1))
    told = await world.fetch(up, "/env")
    assert "GREETING=it's $HOME" in told.splitlines()
    assert "PORT=8000" in told.splitlines()
    assert "canary" not in told
    assert "canary" not in str(world.inspect(up.id))


async def test_what_the_app_may_write_to_and_what_not(world: DockerWorld, engine: DockerEngine) -> None:
    tries = ["/app/x", "/data/x", "/tmp/x", "/etc/x", "/usr/x", "/workspace/x", "/slipway/x", "/x"]
    words = " ".join(tries)
    start = f'for f in {words}; do if (: >"$f") 2>/dev/null; then echo "wrote $f"; fi; done; id -u; exit 9'
    spec, launch = replace(world.copying(), start=start), world.launch()
    await engine.prepare(spec, launch, quiet)
    dead = await ended(engine, await engine.start(spec, launch, 1))
    log = await engine.logs(dead)
    assert [line for line in log if line.startswith("wrote")] == ["wrote /app/x", "wrote /data/x", "wrote /tmp/x"]
    assert "65532" in log
    assert world.inspect(dead.id)["State"]["ExitCode"] == 9


def image(world: DockerWorld, base: str, *instructions: str) -> str:
    """An image made from `base` with more in its configuration; its name."""
    tag = f"slipway-test/{world.installs['one'][:8]}:odd"
    made = world.api.create_container(base, command="true")["Id"]
    try:
        repository, _, name = tag.partition(":")
        world.api.commit(made, repository=repository, tag=name, changes=list(instructions))
    finally:
        world.api.remove_container(made, force=True, v=True)
    return tag


@pytest.mark.parametrize(
    ("instruction", "told"),
    [
        ("LABEL traefik.http.routers.evil.rule=PathPrefix(`/`)", "traefik.http.routers.evil.rule"),
        ("LABEL slipway.evil=1", "slipway.evil"),
        ("LABEL com.docker.compose.evil=1", "com.docker.compose.evil"),
        ("VOLUME /srv", "/srv"),
    ],
)
async def test_a_container_that_came_out_different_is_removed_unstarted(
    world: DockerWorld, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch, instruction: str, told: str
) -> None:
    spec, launch = world.direct(), world.launch()
    await engine.prepare(spec, launch, quiet)
    tag = image(world, engine._images.tag("static"), instruction)
    monkeypatch.setattr(engine._images, "tag", lambda *_asked: tag)
    try:
        with pytest.raises(LaunchFailed, match="not the one asked for") as caught:
            await engine.start(spec, launch, 1)
        assert told in str(caught.value)
        assert world.api.containers(all=True, filters=world.filters(WS)) == []
    finally:
        world.api.remove_image(tag, force=True)


async def test_a_dependency_layer_carries_nothing_of_the_install(
    world: DockerWorld, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, launch = replace(world.installing(ok=True), env=(("PACKAGE_TOKEN", "canary-secret"),)), world.launch()
    spec = replace(spec, install=f'test "$PACKAGE_TOKEN" = canary-secret && {spec.install}')
    await engine.prepare(spec, launch, quiet)
    (layer,) = world.layers()
    config = world.api.inspect_image(layer["Id"])["Config"]
    runtime = world.api.inspect_image(engine._images.tag("python"))["Config"]
    assert config["Env"] == runtime["Env"]
    assert (config["Entrypoint"], config["Cmd"]) == (runtime["Entrypoint"], runtime["Cmd"])
    assert config["Labels"][labels.ROLE] == labels.ROLE_DEPS
    assert "canary" not in str(world.api.inspect_image(layer["Id"])) + str(world.api.history(layer["Id"]))
    up = await ready(engine, await engine.start(spec, launch, 1))
    assert world.inspect(up.id)["Config"]["Labels"][labels.ROLE] == labels.ROLE_APP
    await engine.purge(WS)
    assert world.layers() == []


async def test_the_installer_runs_under_the_baseline_and_leaves_nothing(
    world: DockerWorld, engine: DockerEngine
) -> None:
    spec, launch = replace(world.installing(ok=True), install="id -u; echo here; sleep 30"), world.launch()
    here = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        work = group.create_task(engine.prepare(spec, launch, lambda line: here.set() if line == "here" else None))
        async with asyncio.timeout(30):
            await here.wait()
        (row,) = world.api.containers(filters=world.filters(WS))
        seen = world.inspect(row["Id"])
        work.cancel()
    assert seen["Config"]["User"] == "65532:65532"
    assert (seen["HostConfig"]["CapDrop"], seen["HostConfig"]["Memory"]) == (["ALL"], spec.limits.memory)
    assert seen["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]
    assert world.api.containers(all=True, filters=world.filters(WS)) == []
    assert not (world.folder / "one" / "instances" / WS).exists()


async def test_manifests_are_never_read_through_a_link(world: DockerWorld, engine: DockerEngine) -> None:
    launch = world.launch()
    (launch.source / "message.txt").unlink()
    (launch.source / "message.txt").symlink_to("/etc/passwd")
    with pytest.raises(LaunchFailed, match=r"message\.txt"):
        await engine.prepare(world.installing(ok=True), launch, quiet)
    assert world.layers() == []


def comparable(seen: dict[str, Any]) -> dict[str, Any]:
    """An inspected container without ids, names, times and what Compose alone writes."""
    host = {k: v for k, v in seen["HostConfig"].items() if v and k not in {"Mounts", "Binds", "NetworkMode"}}
    config = {k: v for k, v in seen["Config"].items() if k != "Hostname"}
    config["Env"] = sorted(config["Env"])
    config["Labels"] = {k: v for k, v in config["Labels"].items() if not k.startswith(COMPOSE_WRITES)}
    compose = {labels.COMPOSE_PROJECT, labels.COMPOSE_SERVICE, labels.COMPOSE_ONEOFF, labels.COMPOSE_NUMBER}
    networks = {
        name: {k: one[k] for k in ("IPPrefixLen", "Gateway", "IPAddress")}
        for name, one in seen["NetworkSettings"]["Networks"].items()
    }
    aliases = {frozenset(one["Aliases"]) for one in seen["NetworkSettings"]["Networks"].values()}
    return {
        "Name": seen["Name"],
        "Image": seen["Image"],
        "HostConfig": host,
        "Config": {k: v for k, v in config.items() if v},
        "Mounts": sorted(
            (m["Type"], m.get("Name") or m["Source"], m["Destination"], m["RW"]) for m in seen["Mounts"]
        ),
        "Networks": networks,
        "Aliases": aliases,
        "Compose": {k: v for k, v in seen["Config"]["Labels"].items() if k in compose},
    }


@pytest.mark.parametrize("kind", ["copying", "direct"])
async def test_the_compose_file_gives_the_same_container(world: DockerWorld, engine: DockerEngine, kind: str) -> None:
    spec = replace(getattr(world, kind)(), env=(("ODD", "$HOME ${X:-y} \"'`\\ \n é: {}#"), ("EMPTY", "")))
    launch = world.launch()
    await engine.prepare(spec, launch, quiet)
    up = await ready(engine, await engine.start(spec, launch, 1))
    ours = comparable(world.inspect(up.id))
    file = world.folder / "one" / "instances" / WS / "1" / "compose.yaml"
    kept = world.folder / "by-hand.yaml"
    shutil.copy(file, kept)
    world.api.remove_container(up.id, force=True)
    compose(kept, "up", "--detach", "--quiet-pull")
    try:
        (row,) = world.api.containers(all=True, filters=world.filters(WS))
        assert comparable(world.inspect(row["Id"])) == ours
    finally:
        compose(kept, "down", "--volumes")


def compose(file: Path, *words: str) -> None:
    """`docker compose` as a person would call it, with nothing of this environment."""
    names = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG")
    env = {name: os.environ[name] for name in names if name in os.environ}
    argv = ["docker", "compose", "--file", str(file), *words]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    assert "variable is not set" not in done.stderr


async def test_a_range_that_is_used_up_is_said_plainly(world: DockerWorld) -> None:
    engine = DockerEngine(replace(world.options(), subnets="10.214.255.0/28"), SystemClock(), route_labels)
    launch = world.launch()
    await engine.prepare(world.direct(), launch, quiet)
    up = await engine.start(world.direct(), launch, 1)
    assert world.inspect(up.id)["State"]["Running"]
    with pytest.raises(LaunchFailed, match=r"10\.214\.255\.0/28") as caught:
        await engine.start(replace(world.direct(), workspace="second"), launch, 1)
    assert "SLIPWAY_SUBNETS" in caught.value.hint
    await engine.close()
