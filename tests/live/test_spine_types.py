"""Every project type, whole: a folder dropped, visited, changed and deleted, and nothing of it left behind."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Iterator

import pytest

from monitor.domain import labels
from tests.live.spine_apps import AS_PROCESSES, CSS, ON_DOCKER, App
from tests.support.slipway import Slipway
from tests.support.visiting import follow

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(900)]
ON_BOTH = [
    *(pytest.param("docker", app, id=f"docker-{app.kind}", marks=pytest.mark.docker) for app in ON_DOCKER),
    *(pytest.param("process", app, id=f"process-{app.kind}") for app in AS_PROCESSES),
]


@pytest.fixture(scope="module")
def on_docker() -> Iterator[Slipway]:
    """One Slipway where the projects of all types were dropped at once."""
    with Slipway("docker") as slipway:
        for app in ON_DOCKER:
            slipway.drop(f"my-{app.kind}", app.at("first"))
        yield slipway


@pytest.fixture(scope="module")
def on_host() -> Iterator[Slipway]:
    """The same with local processes."""
    with Slipway("process") as slipway:
        for app in AS_PROCESSES:
            slipway.drop(f"my-{app.kind}", app.at("first"))
        yield slipway


@pytest.mark.parametrize(("engine", "app"), ON_BOTH)
def test_a_project_is_served_kept_current_and_leaves_nothing(
    request: pytest.FixtureRequest, engine: str, app: App
) -> None:
    slipway: Slipway = request.getfixturevalue("on_docker" if engine == "docker" else "on_host")
    name = f"my-{app.kind}"
    state = slipway.until_serving(name)
    assert state["type"] == app.kind
    assert state["evidence"]

    page = slipway.until_text(f"/{name}/", "first", 5)
    assert app.dependency in page.text
    sheet = slipway.get(f"/{name}/style.css")
    assert (sheet.status, sheet.text) == (200, CSS)
    assert sheet.headers["content-type"].startswith("text/css")
    assert follow(slipway.port, f"/{name}/{app.redirect}", came_from=f"/{name}/") == (f"/{name}/landed/", "landed")
    fifty_finish_while_one_sleeps(slipway, name, app)

    if engine == "docker":
        inspected(slipway, name, app)
    slipway.edit(name, app.edit("second"))
    slipway.until_text(f"/{name}/", "second")
    slipway.until(lambda: not slipway.state(name)["sync"]["pending"], what="everything to be kept")

    slipway.delete(name)
    slipway.until_gone(name)
    slipway.until(lambda: slipway.get(f"/{name}/").status == 404, 5, "the route to be gone")
    assert slipway.files_of(name) == []
    assert [p.cmdline() for p in slipway.processes() if name in " ".join(p.cmdline())] == []
    if engine == "docker":
        slipway.until(lambda: slipway.docker.of(name) == [], 30, "the last copy of its data to be over")


def fifty_finish_while_one_sleeps(slipway: Slipway, name: str, app: App) -> None:
    """Nothing of a static folder sleeps; there the fifty alone are asked."""
    with concurrent.futures.ThreadPoolExecutor(51) as pool:
        sleeping = [pool.submit(slipway.get, f"/{name}/slow", timeout=60)] if app.kind != "static" else []
        began = time.monotonic()
        quick = [pool.submit(slipway.get, f"/{name}/", timeout=60) for _ in range(50)]
        assert {answer.result(60).status for answer in quick} == {200}
        assert not any(answer.done() for answer in sleeping), f"the fifty took {time.monotonic() - began:.1f} s"
        assert [answer.result(60).text for answer in sleeping] == ["slow"] * len(sleeping)


def inspected(slipway: Slipway, name: str, app: App) -> None:
    (container,) = slipway.docker.running(name)
    config, host = container["Config"], container["HostConfig"]
    assert config["Labels"][labels.WORKSPACE] == name
    assert config["User"].split(":")[0] not in {"", "0", "root"}
    assert (host["CapDrop"], host["RestartPolicy"]["Name"]) == (["ALL"], "no")
    assert not host["PortBindings"]
    assert host["ReadonlyRootfs"] is (app.kind == "static")
    assert [m["RW"] for m in container["Mounts"] if m["Destination"] == "/workspace"] == [False]
    assert list(container["NetworkSettings"]["Networks"]) == slipway.docker.networks(name)
    assert "SLIPWAY_S3" not in json.dumps(config["Env"])
