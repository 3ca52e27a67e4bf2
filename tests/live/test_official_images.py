"""Pins against images: an official image that is there, one that cannot be had, and a strict workspace (Docker)."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import pytest

from tests.support.components import docker_url
from tests.support.runtime_images import runtime_image
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.docker, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]
LINE = "97"
IMAGE = f"node:{LINE}-bookworm-slim"
APP = {
    "package.json": '{"scripts": {"start": "node x.js"}}',
    "x.js": 'require("http").createServer((_, to) => to.end(process.version)).listen(process.env.PORT, "0.0.0.0")',
}
DOCKERFILE = f"""FROM %s
RUN printf 'Object.defineProperty(process, "version", {{value: "v{LINE}.1.0"}})' > /usr/local/lib/version.js \\
    && printf '#!/bin/sh\\nexec /usr/bin/node -r /usr/local/lib/version.js "$@"\\n' > /usr/local/bin/node \\
    && chmod 755 /usr/local/bin/node
"""


@pytest.fixture
def official() -> Iterator[str]:
    """An image of that name, as if it had been pulled: a Node that says it is of a line nobody has."""
    api: Any = docker.APIClient(base_url=docker_url(), version="auto", timeout=120)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        text = (DOCKERFILE % runtime_image("node")).encode()
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    packed.seek(0)
    said = list(api.build(fileobj=packed, custom_context=True, tag=IMAGE, rm=True, decode=True))
    assert api.images(IMAGE), said[-3:]
    yield IMAGE
    for name in (IMAGE, *built_on(api)):
        with contextlib.suppress(docker.errors.APIError):
            api.remove_image(name)
    api.close()


def built_on(api: Any) -> list[str]:
    """Runtimes this test made: those whose Node says so were built a moment ago, and nothing else uses them."""
    newest = sorted(api.images("slipway/runtime-node"), key=lambda image: -image["Created"])[:1]
    below = api.inspect_image(IMAGE)["RootFS"]["Layers"]
    rows = [row for row in newest if api.inspect_image(row["Id"])["RootFS"]["Layers"][: len(below)] == below]
    return [name for row in rows for name in row["RepoTags"]]


def test_a_pin_is_met_by_its_official_image_or_the_difference_is_said(official: str) -> None:
    with Slipway("docker") as slipway:
        slipway.drop("pinned", {**APP, ".nvmrc": f"{LINE}\n"})
        slipway.drop("without", {**APP, ".nvmrc": "96\n"})
        slipway.drop("strict", {**APP, "slipway.yaml": 'version: "96"\nstrict: true\n'})
        failed = slipway.until_phase("strict", "failed")
        assert failed["reason"].startswith("slipway.yaml asks for node 96, which cannot be had (the image node:96-")

        state = slipway.until_serving("without", 300)
        assert any(line.startswith(".nvmrc asks for node 96; it runs on 20") for line in state["warnings"])
        assert slipway.get("/without/").text.startswith("v20.")

        state = slipway.until_serving("pinned", 300)
        assert state["warnings"] == []
        assert f"runs on node {LINE} (the image {official}), because .nvmrc asks for {LINE}" in state["evidence"]
        assert slipway.get("/pinned/").text == f"v{LINE}.1.0"
        slipway.edit("pinned", {"x.js": APP["x.js"].replace("process.version", "`edited ${process.version}`")})
        slipway.until_text("/pinned/", f"edited v{LINE}.1.0")
