"""Folders with their own compose file or Dockerfile, whole: served, edited, broken, deleted (R5, R14 to R17, R19)."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from monitor.domain import labels
from tests.live import stack_apps as apps
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.docker, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

CANARY = "canary-of-ours"
LABELLED = "slipwaytest-labelled:1"
SERVED_S, EDITED_S = 90.0, 60.0


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    ours = {"CANARY_OF_OURS": CANARY, "SLIPWAY_CANARY": CANARY}
    with Slipway("docker", environment=ours) as slipway:
        yield slipway


@pytest.fixture(scope="module")
def duo(slipway: Slipway) -> str:
    slipway.drop("duo", apps.two_services("first"))
    return "duo"


def words(slipway: Slipway) -> dict[str, Any]:
    """The companion's container."""
    (found,) = slipway.docker.containers("duo", labels.ROLE_PART)
    return found


def test_two_services_are_served_and_an_edit_loses_no_request(slipway: Slipway, duo: str) -> None:
    state = slipway.until_serving(duo, SERVED_S)
    assert (state["type"], state["evidence"][-1]) == ("compose", "web publishes port 3000: visitors reach it")
    page = slipway.until_text("/duo/", "first uid 65532 says hello", 10).text
    assert "conf configured" in page
    assert {"GREETING=from-dot-env", "HOME_OF=[]", "CANARY=", "PORT=3000", "BASE_PATH=/duo"} <= set(page.splitlines())
    before = words(slipway)["Id"]
    slipway.edit(duo, {"web/server.pl": apps.SERVER.replace("VERSION", "second"), "web/app.conf": "anew"})
    seen: list[str] = []

    def changed() -> bool:
        answer = slipway.get("/duo/")
        assert answer.status == 200, answer.text
        seen.append(answer.text)
        return "second" in answer.text

    slipway.until(changed, EDITED_S, "the edit to be served")
    assert all("says hello" in text for text in seen)
    assert "conf anew" in seen[-1]
    assert words(slipway)["Id"] == before
    slipway.until(lambda: len(slipway.docker.running(duo)) == 1, 30, "the old generation to be gone")


def test_every_container_of_a_stack_runs_under_the_baseline_and_knows_nothing_of_ours(
    slipway: Slipway, duo: str
) -> None:
    slipway.until_serving(duo, SERVED_S)
    found = slipway.docker.containers(duo)
    assert {one["Config"]["Labels"][labels.ROLE] for one in found} == {labels.ROLE_APP, labels.ROLE_PART}
    for one in found:
        host = one["HostConfig"]
        assert one["Config"]["User"] == "65532:65532"
        assert (host["CapDrop"], host["CapAdd"], host["Privileged"]) == (["ALL"], None, False)
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] == host["MemorySwap"] > 0
        assert host["NanoCpus"] > 0
        assert host["PidsLimit"] == 512
        assert host["Ulimits"] == [{"Name": "nofile", "Hard": 8192, "Soft": 8192}]
        assert host["RestartPolicy"]["Name"] == "no"
        assert host["LogConfig"]["Config"] == {"max-file": "2", "max-size": "5m"}
        assert not host["PortBindings"]
        assert host["MaskedPaths"]
        assert (host["PidMode"], host["UTSMode"], host["IpcMode"]) == ("", "", "private")
        assert list(one["NetworkSettings"]["Networks"]) == [f"slipway-{slipway.install_id[:8]}-duo"]
        assert {m["RW"] for m in one["Mounts"] if m["Type"] == "bind"} <= {False}
        assert not [m for m in one["Mounts"] if str(slipway.workspaces) in m.get("Source", "")]
        assert CANARY not in str(one)
        assert not [name for name in one["Config"]["Labels"] if name.startswith("traefik.")]
    assert CANARY not in slipway.log(1000)


def test_deleting_it_leaves_its_volume_alone_and_dropping_it_again_finds_that(slipway: Slipway, duo: str) -> None:
    slipway.until_serving(duo, SERVED_S)
    (volume,) = slipway.docker.volumes(duo, labels.ROLE_DATA)
    slipway.delete(duo)
    slipway.until_gone(duo)
    assert slipway.docker.of(duo) == []
    assert slipway.files_of(duo) == []
    assert slipway.docker.volumes(duo, labels.ROLE_DATA) == [volume]
    slipway.drop(duo, apps.two_services("third"))
    slipway.until_serving(duo, SERVED_S)
    count = int(slipway.until_text("/duo/", "third", 10).text.split("says hello ")[1].split()[0])
    assert count > 3


def test_a_companion_that_ends_is_told_and_all_is_started_again(slipway: Slipway, duo: str) -> None:
    slipway.until_serving(duo, SERVED_S)
    before = words(slipway)["Id"]
    slipway.docker.api.kill(before, "SIGKILL")

    def told() -> bool:
        failure = slipway.state(duo)["failure"]
        return failure is not None and failure["reason"] == "its service words killed by signal 9 (SIGKILL)"

    slipway.until(told, 20, "the end of the companion to be told")
    slipway.until(lambda: words(slipway)["Id"] != before, 30, "the companion to be started again")
    slipway.until_text("/duo/", "says hello", 60)


def test_a_dockerfile_alone_is_built_with_limits_and_keeps_no_secret(slipway: Slipway) -> None:
    slipway.drop("alone", apps.dockerfile("one"))
    assert slipway.until_serving("alone", SERVED_S)["type"] == "dockerfile"
    # Its own user and port, the variable of .env, and no .env in the image.
    assert slipway.until_text("/alone/", "one 1", 10).text.split("uid ")[1] == "4321 secret kept-out-of-images "
    (one,) = slipway.docker.containers("alone", labels.ROLE_APP)
    assert (one["Config"]["User"], one["HostConfig"]["CapDrop"]) == ("4321:4321", ["ALL"])
    image = slipway.docker.api.inspect_image(one["Image"])
    assert "kept-out-of-images" not in str(image) + str(slipway.docker.api.history(one["Image"]))
    slipway.edit("alone", apps.dockerfile("two"))
    slipway.until_text("/alone/", "two", EDITED_S)
    assert int(slipway.get("/alone/").text.split()[1]) > 1
    slipway.delete("alone")
    slipway.until_gone("alone")
    assert slipway.docker.of("alone") == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("iptables"), reason="only root may set up a firewall")
def test_a_build_does_not_reach_the_host_and_has_its_limit(slipway: Slipway) -> None:
    with socket.create_server(("0.0.0.0", 0)) as service:
        slipway.drop("reaching", apps.reaching(service.getsockname()[1]))
        slipway.until_serving("reaching", SERVED_S)
        said, limit = slipway.until_text("/reaching/", "closed", 10).text.split()
    assert said == "closed"
    assert int(limit) <= 1024**3
    slipway.delete("reaching")


@pytest.fixture
def labelled(slipway: Slipway) -> Iterator[str]:
    """An image that says of itself how it is routed."""
    api = slipway.docker.api
    made = api.create_container(apps.BASE, command="true")["Id"]
    repository, _, tag = LABELLED.partition(":")
    api.commit(made, repository, tag, changes=["LABEL traefik.http.routers.evil.rule=PathPrefix(`/`)"])
    api.remove_container(made)
    yield LABELLED
    with contextlib.suppress(docker.errors.APIError):
        api.remove_image(LABELLED, force=True)


def test_what_cannot_run_says_why_and_leaves_nothing(slipway: Slipway, labelled: str) -> None:
    evil = f"services: {{web: {{image: '{labelled}', command: sleep 600, ports: [80]}}}}"
    slipway.drop("labelled", {"compose.yaml": evil})
    slipway.drop("by-label", {"Dockerfile": f"FROM {labelled}\nCMD sleep 600"})
    slipway.drop("privileged", {"docker-compose.yml": "services:\n  web:\n    image: x\n    privileged: true\n"})
    slipway.drop("job", apps.waiting_for("sh -c 'echo last words; exit 3'"))
    slipway.drop("rootly", {"Dockerfile": f"FROM {apps.BASE}\nCMD echo >/x && sleep 600"})
    slipway.drop("unbuilt", {"Dockerfile": f"FROM {apps.BASE}\nRUN echo no such thing; exit 7"})
    reasons = {
        "labelled": "brings the label traefik.http.routers.evil.rule, which only Slipway may set",
        "by-label": "brings the label traefik.http.routers.evil.rule, which only Slipway may set",
        "privileged": "docker-compose.yml, line 4: `services.web.privileged` is not allowed",
        "job": "its service job ended with code 3",
        "rootly": "exited with code 2; its image would be root, and runs as another user here",
        "unbuilt": "building Dockerfile failed",
    }
    logs = {"job": "last words", "unbuilt": "no such thing"}
    for name, reason in reasons.items():
        state = slipway.until_phase(name, "failed", SERVED_S)
        assert reason in state["reason"]
        assert state["hint"]
        assert logs.get(name, "") in str(state["failure"])
        assert slipway.docker.running(name) == []
        assert slipway.get(f"/{name}/").status == 502
    for name in ("labelled", "by-label", "privileged", "unbuilt"):
        assert slipway.docker.containers(name) == []
    for name in reasons:
        slipway.delete(name)
        slipway.until_gone(name)
        assert slipway.docker.of(name) == []


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", ".env", "slipway.yaml"])
def test_a_linked_description_is_not_followed(slipway: Slipway, name: str) -> None:
    texts = {
        "compose.yaml": apps.COMPOSE,
        "Dockerfile": f"FROM {apps.BASE}",
        ".env": "A=1",
        "slipway.yaml": "port: 80",
    }
    outside = slipway.folder / f"outside{name}"
    outside.write_text(texts[name])
    made = f"linked{name.replace('.', '-').lower()}"
    beside = slipway.folder / made
    beside.mkdir()
    (beside / "index.html").write_text("static")
    (beside / name).symlink_to(outside)
    if name == ".env":
        (beside / "Dockerfile").write_text(f"FROM {apps.BASE}")
        (beside / "index.html").unlink()
    beside.rename(slipway.workspaces / made)
    state = slipway.until_phase(made, "failed", 20)
    assert "link" in state["reason"]
    assert name in state["reason"]
    slipway.delete(made)


def test_a_dockerfile_whose_base_cannot_be_had_is_set_aside_where_the_folder_runs_without(slipway: Slipway) -> None:
    slipway.drop("aside", {"index.html": "without it", "Dockerfile": "FROM nowhere.invalid/none:1\nCOPY . /srv"})
    state = slipway.until_serving("aside", SERVED_S)
    assert state["type"] == "static"
    assert state["warnings"][0].startswith("Dockerfile is set aside: the image nowhere.invalid/none:1 cannot be had")
    assert slipway.until_text("/aside/", "without it", 10)
    slipway.delete("aside")
