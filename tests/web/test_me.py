"""What the caller may do is answered to whoever has a good token, and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector

from monitor.domain.access import Scope
from monitor.web.control import control_socket
from monitor.web.control_path import reachable
from monitor.web.me import PATH
from tests.support.face import Stage
from tests.web.conftest import Door


@pytest.mark.parametrize("scope", Scope)
async def test_a_token_of_each_scope_is_told_what_it_is(door: Door, scope: Scope) -> None:
    answer = await door.client.get(PATH, headers=door.bearer(scope))
    assert (answer.status, await answer.json()) == (
        200,
        {"id": door.ids[scope], "scope": scope.word, "note": "", "expires_at": None},
    )


async def test_its_note_and_end_are_told_until_then(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    token, secret = door.stage.access.new(Scope.READ, ttl_s=60, note="for the wall")
    bearer = {"Authorization": f"Bearer {secret}"}
    told = await (await door.client.get(PATH, headers=bearer)).json()
    assert (told["note"], told["expires_at"]) == ("for the wall", token.as_json()["expires_at"])
    assert told["expires_at"] is not None
    assert token.sha256 not in str(told)
    monkeypatch.setattr(type(door.stage.clock), "wall_ns", lambda self: token.expires_ns)
    assert (await door.client.get(PATH, headers=bearer)).status == 401
    assert (await door.client.get(PATH)).status == 401


async def test_the_host_is_named_as_in_the_audit_log(stage: Stage, tmp_path: Path) -> None:
    async with control_socket(stage.face, tmp_path) as path:
        with reachable(path) as name:
            async with ClientSession(connector=UnixConnector(name)) as session:
                told = await (await session.get(f"http://slipway{PATH}")).text()
    assert json.loads(told) == {"id": "host", "scope": "admin", "note": "", "expires_at": None}
