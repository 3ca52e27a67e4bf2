"""The real components are what the live tests take them for."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from docker import DockerClient

from tests.support.ports import free_port, free_port_pair
from tests.support.process import Program
from tests.support.s3 import S3Server, seaweedfs
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.async_api import Browser

BASE_IMAGE = "debian:trixie-slim"


@pytest.mark.docker
def test_a_container_runs_on_the_base_image(docker_host: str) -> None:
    client = DockerClient(base_url=docker_host)
    try:
        said = client.containers.run(BASE_IMAGE, ["cat", "/etc/debian_version"], remove=True, init=True)
    finally:
        client.close()
    assert said.startswith(b"13")


@pytest.mark.docker
def test_compose_and_buildx_answer(docker_host: str) -> None:
    for plugin in ("compose", "buildx"):
        answer = subprocess.run(["docker", plugin, "version"], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr


@pytest.mark.s3
def test_s3_keeps_versions(s3_server: S3Server, bucket: str) -> None:
    client = s3_server.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        client.put_object(Bucket=bucket, Key="a", Body=body)
    versions = client.list_object_versions(Bucket=bucket, Prefix="a")["Versions"]
    bodies = [
        client.get_object(Bucket=bucket, Key="a", VersionId=version["VersionId"])["Body"].read()
        for version in versions
    ]
    client.close()
    assert bodies == [b"second", b"first"]


@pytest.mark.s3
def test_s3_survives_a_crash_on_its_own_folder(tmp_path: Path) -> None:
    with seaweedfs(tmp_path) as server:
        client = server.client()
        client.create_bucket(Bucket="kept")
        client.put_object(Bucket="kept", Key="a", Body=b"still here")
        server.program.kill()
        server.program.start()
        body = client.get_object(Bucket="kept", Key="a")["Body"].read()
        client.close()
    assert body == b"still here"


@pytest.mark.traefik
async def test_traefik_answers_on_chosen_ports(traefik_binary: Path, tmp_path: Path) -> None:
    port = free_port()
    argv: list[str | Path] = [
        traefik_binary,
        f"--entryPoints.traefik.address=127.0.0.1:{port}",
        f"--entryPoints.web.address=127.0.0.1:{free_port_pair()}",
        "--ping=true",
    ]

    async def pings() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/ping") as answer:
            return await answer.text() == "OK"

    async with Program(argv, ready=lambda: True, log=tmp_path / "log"):
        await until(pings, what="Traefik's ping")


@pytest.mark.browser
async def test_the_browser_runs_scripts_of_a_local_page(browser: Browser) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<title>before</title><script>document.title = 'after'</script>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        assert await page.title() == "after"
