"""`[[destination]]` tables: read strictly, added and removed without touching the rest, secrets never shown."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.destination_settings import destinations_in, parsed, with_one_more, without_one
from monitor.domain.destinations import Mode
from monitor.errors import Conflict, NotFound, UsageError
from monitor.settings import load

FILE = Path("slipway.toml")
NAS = {"name": "nas", "kind": "folder", "path": "/mnt/nas"}
R2 = {
    "name": "r2",
    "kind": "s3",
    "endpoint": "https://r2.test",
    "bucket": "copies",
    "access_key": "AK",
    "secret_key": "S3cr",
}
OTHER = """# my own words
quiet_ms = 500   # kept

[[destination]]
name = "old"
kind = "folder"
path = '/mnt/[old]'
every = "6h" # a note
"""


def test_what_is_not_said_has_its_default() -> None:
    (nas,) = parsed(with_one_more("", FILE, NAS), FILE)
    assert nas.terms.every_s == 3600
    assert nas.terms.mode is Mode.INCREMENTAL
    assert nas.terms.grace_ns == 24 * 3600 * 10**9
    assert nas.where == "/mnt/nas"


def test_secrets_are_in_no_text() -> None:
    (r2,) = parsed(with_one_more("", FILE, R2), FILE)
    assert r2.secret_key.get_secret_value() == "S3cr"
    assert "S3cr" not in f"{r2!r} {r2} {r2.where} {r2.terms!r} {r2.model_dump_json()}"
    with pytest.raises(UsageError) as caught:
        parsed('[[destination]]\nname="x"\nkind="s3"\nbucket="b"\nsecret_key="S3cr"\nmore="S3cr"', FILE)
    assert "S3cr" not in f"{caught.value.message}{caught.value.hint}{caught.value.__context__ and ''}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Bad Name"}, "name"),
        ({"name": "primary"}, "primary"),
        ({"path": "relative"}, "absolute"),
        ({"every": "soon"}, "every"),
        ({"every": "1s"}, "every"),
        ({"grace": "1h"}, "grace"),
        ({"mode": "both"}, "mode"),
        ({"color": "red"}, "color"),
        ({"kind": "s3"}, "bucket"),
        ({**R2, "endpoint": "https://AK:S3cr@r2.test"}, "credentials"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        with_one_more("", FILE, {**NAS, **change})


def test_adding_and_removing_leave_everything_else_as_it_was() -> None:
    text = with_one_more(OTHER, FILE, NAS)
    assert text.startswith(OTHER.rstrip())
    assert [one.name for one in parsed(text, FILE)] == ["old", "nas"]
    assert tomllib.loads(text)["quiet_ms"] == 500
    assert without_one(text, FILE, "nas").strip() == OTHER.strip()
    rest = without_one(text, FILE, "old")
    assert [one.name for one in parsed(rest, FILE)] == ["nas"]
    assert rest.startswith("# my own words\nquiet_ms = 500   # kept\n")
    with pytest.raises(NotFound):
        without_one(text, FILE, "none")
    with pytest.raises(Conflict):
        with_one_more(text, FILE, NAS)
    with pytest.raises(Conflict, match="not edited"):
        without_one('destination = [{name = "nas", kind = "folder", path = "/mnt/nas"}]', FILE, "nas")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: "\0" not in t))
def test_any_text_survives(secret: str) -> None:
    (made,) = parsed(with_one_more("", FILE, {**R2, "secret_key": secret}), FILE)
    assert made.secret_key.get_secret_value() == secret


def test_the_tables_do_not_disturb_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLIPWAY_DATA", "SLIPWAY_QUIET_MS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "slipway.toml").write_text(OTHER)
    assert load({"data": tmp_path}).quiet_ms == 500
    assert [one.name for one in destinations_in(tmp_path)] == ["old"]
    assert destinations_in(tmp_path / "none") == ()


def test_what_is_said_of_one_that_is_there_must_be_what_it_is() -> None:
    (nas,) = parsed(with_one_more("", FILE, NAS), FILE)
    assert nas.differs({"path": "/mnt/nas/", "every": "2h", "bucket": None}) == ""
    assert nas.differs({"path": "/mnt/other", "bucket": ""}) == "path"
    (r2,) = parsed(with_one_more("", FILE, R2), FILE)
    assert r2.differs({"bucket": "another", "endpoint": "https://r2.test"}) == "bucket"
