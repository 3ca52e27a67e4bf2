"""The dashboard's listener: where it may stand, what it says when it cannot, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType

from monitor.domain.access import Scope
from monitor.errors import Refused, SlipwayError
from monitor.settings import Settings
from monitor.web.server import dashboard, origins_of
from tests.support.face import Stage
from tests.support.ports import free_port


def _settings(**given: Any) -> Settings:
    return Settings.model_validate({"dashboard_port": free_port(), **given})


async def test_a_taken_port_is_one_clear_sentence(stage: Stage) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SlipwayError, match="another program does") as caught:
            async with dashboard(stage.face, _settings(dashboard_port=port)):
                pass
    assert "--dashboard-port" in caught.value.hint


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.0.2.7", "some.name"])
async def test_off_loopback_needs_insisting(stage: Stage, bind: str) -> None:
    with pytest.raises(Refused, match="without TLS"):
        async with dashboard(stage.face, _settings(dashboard_bind=bind)):
            pass


async def test_insisting_opens_it(stage: Stage) -> None:
    settings = _settings(dashboard_bind="0.0.0.0", insecure_dashboard=True)
    async with dashboard(stage.face, settings) as url, ClientSession() as session:
        assert (await session.get(f"{url}/api/health")).status == 200


def test_origins_are_written_as_browsers_do() -> None:
    origins = origins_of(_settings(dashboard_port=8081, dashboard_url="https://Slip.Example:443/x/"))
    assert origins == {
        "https://slip.example",
        "http://localhost:8081",
        "http://127.0.0.1:8081",
        "http://[::1]:8081",
    }


async def test_it_ends_quickly_with_streams_open_and_stalled(stage: Stage) -> None:
    _, secret = stage.access.new(Scope.READ)
    settings = _settings()
    async with ClientSession() as session:
        async with dashboard(stage.face, settings) as url:
            proved = await session.ws_connect(f"{url}/api/events")
            await proved.send_json({"token": secret})
            await proved.receive_json()
            unproved = await session.ws_connect(f"{url}/api/events")
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.dashboard_port)
            writer.write(b"POST /api/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
            await writer.drain()
            began = time.monotonic()
        assert time.monotonic() - began < 3
        for live in (proved, unproved):
            message = await live.receive(timeout=1)
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        writer.close()
        await reader.read()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", settings.dashboard_port))
