"""What is read from Docker is bounded text, and a container that came out different is noticed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.docker_engine.conformance import departures
from monitor.adapters.docker_engine.evidence import exit_of, nanoseconds, text_lines
from monitor.adapters.docker_engine.rendering import create_body
from monitor.domain.container_plan import plan_app
from tests.support.container_plans import PLACE, SPEC

PLAN = plan_app(SPEC, 1, PLACE, {"traefik.enable": "true"})
BODY = create_body(PLAN)


def as_made() -> dict[str, Any]:
    """What `inspect` says of a container made exactly as asked."""
    host = {**deepcopy(BODY["HostConfig"]), "ShmSize": 67108864, "Runtime": "runc", "ConsoleSize": [0, 0]}
    host |= {"MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": ["/proc/sys"], "Privileged": False, "Binds": None}
    mounts = [
        {
            "Type": mount.kind.value,
            "Name": mount.source if mount.kind == "volume" else None,
            "Source": mount.source,
            "Destination": mount.target,
            "RW": not mount.read_only,
            "Propagation": "" if mount.kind == "volume" else "rprivate",
        }
        for mount in PLAN.mounts
    ]
    names = ("Image", "User", "Env", "Labels", "Healthcheck")
    return {
        "HostConfig": host,
        "Mounts": mounts,
        "NetworkSettings": {"Networks": {PLAN.network.name: {}}, "Ports": {}},
        "Config": {name: deepcopy(BODY[name]) for name in names},
    }


def test_what_was_asked_for_conforms() -> None:
    assert departures(PLAN, BODY, as_made()) == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("HostConfig", "Privileged"), True),
        (("HostConfig", "CapAdd"), ["SYS_ADMIN"]),
        (("HostConfig", "CapDrop"), []),
        (("HostConfig", "Memory"), 0),
        (("HostConfig", "SecurityOpt"), ["no-new-privileges:true", "seccomp=unconfined"]),
        (("HostConfig", "PidMode"), "host"),
        (("HostConfig", "Binds"), ["/:/host"]),
        (("HostConfig", "PortBindings"), {"80/tcp": [{"HostPort": "80"}]}),
        (("HostConfig", "SomethingNew"), True),
        (("HostConfig", "MaskedPaths"), []),
        (("NetworkSettings", "Networks"), {PLAN.network.name: {}, "bridge": {}}),
        (("NetworkSettings", "Ports"), {"80/tcp": None}),
        (("Config", "User"), "0:0"),
        (("Config", "Image"), "other"),
        (("Config", "Healthcheck"), None),
        (("Config", "Env"), []),
    ],
)
def test_every_departure_is_named(where: tuple[str, str], value: object) -> None:
    made = as_made()
    made[where[0]][where[1]] = value
    assert departures(PLAN, BODY, made)


@pytest.mark.parametrize("change", [{"RW": True}, {"Source": "/", "Name": "x"}, {"Propagation": "rshared"}])
def test_a_different_mount_is_named(change: dict[str, object]) -> None:
    made = as_made()
    made["Mounts"][0] |= change
    assert departures(PLAN, BODY, made)


def test_a_label_of_ours_from_the_image_is_named_and_a_foreign_one_is_not() -> None:
    made = as_made()
    made["Config"]["Labels"] |= {"maintainer": "somebody"}
    assert departures(PLAN, BODY, made) == []
    made["Config"]["Labels"] |= {"traefik.http.routers.evil.rule": "PathPrefix(`/`)"}
    assert "traefik.http.routers.evil.rule" in departures(PLAN, BODY, made)[0]


@given(st.binary(max_size=2_000), st.integers(1, 50))
def test_a_log_is_printable_text_of_at_most_so_many_lines(raw: bytes, most: int) -> None:
    lines = text_lines(raw, most)
    assert len(lines) <= most
    assert all(ord(char) >= 32 or char == "\t" for line in lines for char in line)
    assert all(not 0x7F <= ord(char) <= 0x9F for line in lines for char in line)


def test_the_last_lines_of_a_flood_are_kept_and_cut() -> None:
    flood = b"\n".join([b"a" * 1_000_000] * 8 + [b"\x1b[31mlast\x1b[0m", b""])
    lines = text_lines(flood, 500)
    assert lines[-1] == "last"
    assert max(map(len, lines)) <= 4_001
    assert sum(map(len, lines)) <= 256 * 1024


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"Status": "exited", "ExitCode": 0}, (0, "exited with code 0")),
        ({"Status": "exited", "ExitCode": 137}, (137, "killed by signal 9 (SIGKILL)")),
        ({"Status": "exited", "ExitCode": 137, "OOMKilled": True}, (137, "out of memory (limit 64 MiB)")),
        ({"Status": "exited", "ExitCode": 255}, (255, "exited with code 255")),
        ({"Status": "running", "ExitCode": 0}, (None, "")),
    ],
)
def test_why_it_ended(state: dict[str, object], reason: tuple[int | None, str]) -> None:
    assert exit_of({"State": state, "HostConfig": {"Memory": 64 * 1024**2}}) == reason


def test_docker_times_keep_their_nanoseconds() -> None:
    assert nanoseconds("1970-01-01T00:00:01.000000002Z") == 1_000_000_002
    assert nanoseconds("1970-01-01T00:00:01Z") == 1_000_000_000
    assert nanoseconds("0001-01-01T00:00:00Z") == 0
