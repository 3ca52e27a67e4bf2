"""Choosing ports: what one process chose no other comes to, until it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from monitor.adapters import loopback
from monitor.errors import SlipwayError

TRIES = 40
ASKS = "import sys; from monitor.adapters import loopback; print(loopback.claimed(int(sys.argv[1])))"


@pytest.fixture
def claims() -> Iterator[list[int]]:
    mine: list[int] = []
    yield mine
    for port in mine:
        loopback.release(port)


def asked_elsewhere(port: int) -> str:
    return subprocess.run([sys.executable, "-c", ASKS, str(port)], capture_output=True, text=True, check=True).stdout


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.socket() as held:
        held.bind((loopback.LOOPBACK, 0))
        held.listen(1)
        port = held.getsockname()[1]
        assert not loopback.is_free(port)
        assert loopback.trouble(loopback.LOOPBACK, port) == "Address already in use"
    assert loopback.is_free(port)


def test_a_chosen_port_stays_ours_though_nobody_listens_yet(claims: list[int]) -> None:
    claims.append(loopback.choose())
    assert asked_elsewhere(claims[0]).strip() == ("False" if sys.platform == "linux" else "True")
    loopback.release(claims[0])
    assert asked_elsewhere(claims[0]).strip() == "True"


def test_its_partner_is_free_and_ours_as_well(claims: list[int]) -> None:
    for _ in range(TRIES):
        port = loopback.choose(avoid=claims, offset=10_000)
        claims += [port, port + 10_000]
        assert loopback.is_free(port + 10_000)
    assert len(set(claims)) == 2 * TRIES


def test_when_none_is_left_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "RANGE", range(20_000, 20_003))
    with pytest.raises(SlipwayError, match="No free loopback port"):
        loopback.choose(avoid=[20_000, 20_001, 20_002])
