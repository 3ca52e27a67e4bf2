"""`.env` files in a real instance: what its commands get, what they never get, and that edits count."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.host_instance import SERVE, HostInstance

pytestmark = pytest.mark.live

SHOW = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))' > seen.json"
Make = Callable[..., HostInstance]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[HostInstance] = []

    def new(**environment: str) -> HostInstance:
        told = {"SLIPWAY_START": f"{SHOW}; {SERVE}", "SLIPWAY_DOTENV": ".env", **environment}
        made.append(HostInstance(tmp_path, **told))
        return made[-1]

    yield new
    for instance in made:
        instance.__exit__()


def seen(instance: HostInstance) -> dict[str, str]:
    return dict(json.loads((instance.app / "seen.json").read_text()))


def started(make: Make, text: str | bytes, **environment: str) -> dict[str, str]:
    instance = make(**environment)
    (instance.source / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())
    instance.list_files("d1")
    instance.start_ready()
    return seen(instance)


def test_values_are_read_as_python_dotenv_reads_them(make: Make) -> None:
    env = started(
        make,
        "# comment\nPLAIN=a b # remark\nexport EXPORTED = x\nSINGLE='it $x #1 \\'q\\''\n"
        'DOUBLE="a\\nb \\"q\\" #2"\nEMPTY=\nREMARK= # only\nMANY="one\ntwo"\nNESTED=${PLAIN}-${MISSING:-else}\nno line\n=broken\nURL=http://h/#top\n',
    )
    expected = {
        "PLAIN": "a b",
        "EXPORTED": "x",
        "SINGLE": "it $x #1 'q'",
        "DOUBLE": 'a\nb "q" #2',
        "EMPTY": "",
        "REMARK": "",
        "MANY": "one\ntwo",
        "NESTED": "a b-else",
        "URL": "http://h/#top",
    }
    assert {name: env.get(name) for name in expected} == expected


def test_what_is_given_and_what_slipway_decides_stays(make: Make) -> None:
    ours = "PORT=1\nHOST=1.2.3.4\nPATH=/x\nNODE_ENV=development\nLD_PRELOAD=/x.so\nSLIPWAY_APP=/x\n"
    env = started(make, f"GIVEN=file\nOTHER=${{GIVEN}}\n{ours}", GIVEN="before")
    assert (env["GIVEN"], env["OTHER"]) == ("before", "before")
    assert env["HOST"] == "127.0.0.1"
    assert env["PORT"] != "1"
    assert "/x" not in env["PATH"].split(":")
    assert env.keys().isdisjoint({"NODE_ENV", "LD_PRELOAD", "SLIPWAY_APP", "SLIPWAY_DOTENV"})


@pytest.mark.parametrize("text", [b"\xff\xfeA=b", b"A=" + b"x" * 100_000, b'A="never closed\n' * 3, b"A=\0b"])
def test_an_odd_file_stops_nothing(make: Make, text: bytes) -> None:
    assert "HOST" in started(make, text)


def test_a_link_is_not_followed(make: Make, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("LEAKED=1\n")
    instance = make()
    (instance.source / ".env").symlink_to(outside)
    instance.list_files("d1")
    instance.start_ready()
    assert "LEAKED" not in seen(instance)


def test_an_edit_reaches_the_next_server(make: Make) -> None:
    instance = make()
    (instance.source / ".env").write_text("A=1\n")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / ".env").write_text("A=22\n")
    instance.list_files("d2")
    assert instance.ask("sync")["ok"] is True
    assert seen(instance)["A"] == "22"
