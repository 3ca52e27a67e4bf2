"""The control socket: private, without a token, replaced after a crash, never taken from a living monitor."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector

from monitor.domain.workspace import Phase
from monitor.errors import Conflict
from monitor.web import control
from monitor.web.control import control_socket
from monitor.web.control_path import NAME, reachable
from tests.support.face import Stage


async def _get(path: Path, what: str) -> tuple[int, str]:
    with reachable(path) as name:
        async with (
            ClientSession(connector=UnixConnector(name)) as session,
            session.get(f"http://slipway{what}") as answer,
        ):
            return answer.status, await answer.text()


async def test_no_token_is_needed_and_nobody_else_gets_in(stage: Stage, tmp_path: Path) -> None:
    stage.add("blog", phase=Phase.SERVING)
    async with control_socket(stage.face, tmp_path) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (await _get(path, "/api/workspaces/blog"))[0] == 200
        status, text = await _get(path, "/api/tokens")
        assert status == 200, text
    assert not path.exists()


async def test_another_user_is_refused(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_is_ours", lambda credentials: False)
    async with control_socket(stage.face, tmp_path) as path:
        status, text = await _get(path, "/api/health")
    assert status == 403
    assert "for the user who runs the monitor" in text


def test_whose_credentials_are_ours() -> None:
    pack = control._CREDENTIALS.pack
    assert control._is_ours(pack(1, os.geteuid(), 5))
    assert control._is_ours(pack(1, 0, 0))
    assert not control._is_ours(pack(1, os.geteuid() + 4711, 0))


async def test_a_dead_monitors_socket_is_replaced(stage: Stage, tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / NAME))
    dead.close()
    async with control_socket(stage.face, tmp_path) as path:
        assert (await _get(path, "/api/health"))[0] == 200


async def test_a_living_monitors_socket_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    async with control_socket(stage.face, tmp_path) as path:
        with pytest.raises(Conflict, match="another monitor"):
            async with control_socket(stage.face, tmp_path):
                pass
        assert (await _get(path, "/api/health"))[0] == 200


async def test_something_else_of_that_name_is_not_removed(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("mine")
    with pytest.raises(Conflict, match="not a socket"):
        async with control_socket(stage.face, tmp_path):
            pass
    assert (tmp_path / NAME).read_text() == "mine"


async def test_a_folder_of_any_depth_will_do(stage: Stage, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    assert len(str(deep)) > 150
    async with control_socket(stage.face, deep) as path:
        assert path == deep / NAME
        assert (await _get(path, "/api/health"))[0] == 200
