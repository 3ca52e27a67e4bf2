"""The live stream: proof first, everything in order, and no client that holds up another."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from monitor.domain.access import Scope
from monitor.domain.workspace import Phase
from monitor.services.registry import RECENT
from monitor.web import clients, events
from tests.support.waiting import until
from tests.web.conftest import Door

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def test_the_whole_comes_first_then_changes_in_order(door: Door) -> None:
    door.stage.add("blog", phase=Phase.STARTING)
    socket = await door.live()
    first = await socket.receive_json()
    assert first["type"] == "state"
    assert [w["name"] for w in first["workspaces"]] == ["blog"]
    for phase in (Phase.SERVING, Phase.STOPPED):
        door.stage.registry.update("blog", phase=phase)
    door.stage.registry.banner("root", "look here")
    door.stage.registry.remove("blog")
    seen = [await socket.receive_json() for _ in range(4)]
    assert [event["type"] for event in seen] == ["workspace", "workspace", "banners", "removed"]
    assert [event["seq"] for event in seen] == list(range(first["seq"] + 1, first["seq"] + 5))
    assert seen[1]["workspace"]["phase"] == "stopped"


async def test_who_was_cut_off_goes_on_where_it_was(door: Door) -> None:
    registry = door.stage.registry
    door.stage.add("blog", phase=Phase.STARTING)
    seen = registry.seq
    registry.update("blog", phase=Phase.SERVING)
    door.stage.add("shop", phase=Phase.STARTING)
    socket = await door.client.ws_connect("/api/events")
    await socket.send_json({"type": "auth", "token": door.secrets[Scope.READ], "since": seen})
    first, *missed = [await socket.receive_json() for _ in range(3)]
    assert first == {"type": "resumed", "seq": seen}
    assert [event["seq"] for event in missed] == [seen + 1, seen + 2]
    registry.update("blog", phase=Phase.STOPPED)
    assert (await socket.receive_json())["seq"] == seen + 3
    up_to_date = await door.live(Scope.READ)
    assert (await up_to_date.receive_json())["type"] == "state"
    for told in (registry.seq + 1, -1, 10**17, "x", None, 1.5, [1]):
        again = await door.client.ws_connect("/api/events")
        await again.send_json({"type": "auth", "token": door.secrets[Scope.READ], "since": told})
        assert (await again.receive_json())["type"] == "state", told
    by_address = await door.client.ws_connect(f"/api/events?since={registry.seq}")
    await by_address.send_json({"type": "auth", "token": door.secrets[Scope.READ]})
    assert await by_address.receive_json() == {"type": "resumed", "seq": registry.seq}


async def test_what_is_too_long_ago_is_told_whole(door: Door) -> None:
    registry = door.stage.registry
    seen = registry.seq
    for number in range(RECENT + 1):
        registry.banner("count", str(number))
    assert registry.since(seen) is None
    assert len(registry.since(seen + 1) or ()) == RECENT
    assert registry.since(registry.seq) == []


async def test_a_jobs_changes_are_events(door: Door) -> None:
    socket = await door.live()
    await socket.receive_json()

    async def work(tell: Any) -> int:
        tell("half way", 1, 2)
        return 42

    door.stage.jobs.begin("test", "blog", work)
    jobs = [(await socket.receive_json())["job"] for _ in range(4)]
    assert [job["state"] for job in jobs] == ["queued", "running", "running", "done"]
    assert jobs[2]["progress"] == {"text": "half way", "done": 1, "total": 2}
    assert jobs[3]["result"] == 42


@pytest.mark.parametrize(
    "said",
    ['{"type": "auth", "token": "guessed"}', "{}", "[]", "null", "[" * 9000, '{"token": 7}', '{"token": "\\ud800"}'],
)
async def test_a_wrong_first_message_closes_before_any_data(door: Door, said: str) -> None:
    socket = await door.client.ws_connect("/api/events")
    await socket.send_str(said)
    message = await socket.receive(timeout=3)
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1008


async def test_silence_closes_before_any_data(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert events.AUTH_S <= 5
    monkeypatch.setattr(events, "AUTH_S", 0.1)
    socket = await door.client.ws_connect("/api/events")
    message = await socket.receive(timeout=3)
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1013, "try again: a browser on a busy machine is slow, not signed out"


async def test_the_unproved_are_few(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_UNPROVED", 2)
    waiting = [await door.client.ws_connect("/api/events") for _ in range(2)]
    response = await door.client.get("/api/events", headers=_upgrade())
    assert response.status == 503
    for silent in waiting:
        await silent.close()
    await until(lambda: _opens(door))


async def _opens(door: Door) -> bool:
    socket = await door.live()
    answered = await socket.receive()
    await socket.close()
    return answered.type is WSMsgType.TEXT


async def test_revoking_a_token_closes_its_streams_only(door: Door) -> None:
    mine, other = await door.live(Scope.READ), await door.live(Scope.ADMIN)
    await mine.receive_json()
    await other.receive_json()
    began = time.monotonic()
    await door.client.delete(f"/api/tokens/{door.ids[Scope.READ]}", headers=door.bearer())
    assert (await mine.receive(timeout=5)).data == 1008
    assert time.monotonic() - began < 5
    door.stage.add("blog")
    assert (await other.receive_json(timeout=5))["type"] == "workspace"


async def test_an_expired_token_closes_its_streams(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clients.CHECK_S <= 5
    monkeypatch.setattr(clients, "CHECK_S", 0.05)
    _, secret = door.stage.access.new(Scope.READ, ttl_s=60)
    socket = await door.client.ws_connect("/api/events")
    await socket.send_json({"token": secret})
    await socket.receive_json()
    now = door.stage.clock.wall_ns()
    monkeypatch.setattr(type(door.stage.clock), "wall_ns", lambda self: now + 61 * 10**9)
    assert (await socket.receive(timeout=5)).data == 1008


def _upgrade() -> dict[str, str]:
    return {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }


async def _stalled(door: Door) -> socket.socket:
    """A proved client with a tiny buffer that never reads again."""
    port = door.client.port
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(peer, ("127.0.0.1", port))
    lines = [f"{name}: {value}" for name, value in _upgrade().items()]
    head = "\r\n".join(["GET /api/events HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""])
    await loop.sock_sendall(peer, head.encode())
    await loop.sock_recv(peer, 2048)
    message = f'{{"token": "{door.secrets[Scope.READ]}"}}'.encode()
    masked = bytes([0x81, 0x80 | len(message)]) + bytes(4) + message
    await loop.sock_sendall(peer, masked)
    return peer


def _ended(peer: socket.socket) -> bool:
    """Whether the other side dropped the connection (its data was never read, so it ends with a reset)."""
    return peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or _reset(peer)


def _reset(peer: socket.socket) -> bool:
    try:
        peer.send(b"\x8a\x80\x00\x00\x00\x00")
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


async def _next(live: ClientWebSocketResponse) -> float:
    began = time.monotonic()
    await live.receive_json(timeout=5)
    return time.monotonic() - began


async def test_stalled_readers_delay_nobody_and_are_dropped(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(clients.SEND_S, events.HEARTBEAT_S * 1.5) < 15
    monkeypatch.setattr(clients, "SEND_S", 1.0)
    stalled = [await _stalled(door) for _ in range(20)]
    live = await door.live()
    await live.receive_json()
    slowest = 0.0
    for number in range(60):
        door.stage.add("blog", description=f"{number} " + "x" * 100_000)
        slowest = max(slowest, await _next(live))
    assert slowest < 1.0
    await until(lambda: all(_ended(peer) for peer in stalled), timeout=15, what="stalled clients dropped")
    door.stage.add("blog", description="still here")
    assert (await live.receive_json(timeout=5))["workspace"]["description"] == "still here"
    for peer in stalled:
        peer.close()


async def test_a_silent_client_is_noticed_without_any_event(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)
    peer = await _stalled(door)
    registry = door.stage.registry
    await until(lambda: registry._subscribers, what="subscribed")
    await until(lambda: not registry._subscribers, timeout=5, what="dropped")
    peer.close()


async def test_one_that_falls_too_far_behind_starts_anew(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await door.live()
    await live.receive_json()
    for number in range(1500):
        door.stage.add("blog", description=str(number))
    code = None
    while code is None:
        message = await live.receive(timeout=5)
        code = message.data if message.type is WSMsgType.CLOSE else None
    assert code == 1013
