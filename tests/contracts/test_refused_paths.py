"""Our web servers refuse every name the secrets filter knows: one list of regular expressions, held to the filter."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.domain import secrets

LINES = Path(__file__).parents[2].joinpath("runtimes", "shared", "web", "refused").read_text("ascii").splitlines()
REFUSED = [re.compile(line, re.IGNORECASE) for line in LINES]

KNOWN = sorted({
    *secrets._NAMES, *secrets._LOOK_INTO, *map("x{}".format, secrets._KEY_ENDINGS), ".env", ".env.local", ".envrc",
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519_sk", "id_rsa_work", "id_rsa-2", "service-account.json",
    "service_account_x.json", "serviceaccount.json", "gcp-key.json", "firebase-adminsdk-1.json",
})  # fmt: skip
LEFTOVERS = ("~", "#", ".bak", ".backup", ".old", ".orig", ".save", ".sav", ".copy", ".tmp", ".swp", ".swx", ".rej")
WORDS = (
    "index.html", "about", "style.css", "keys", "environment.js", "monkey.png", "id_rsa.pub", "key.pub.pem",
    "credentials.html", "authorjson", "pem", "key", "x.keys", "token.txt", "gcp.txt", "tfstate", ".well-known",
)  # fmt: skip


def refused(path: str) -> bool:
    return any(pattern.search(path) for pattern in REFUSED)


def is_secret(name: str) -> bool:
    return bool(secrets.secret_by_name(name)) or secrets.must_look(name)


@given(
    before=st.sampled_from(["", "#", ".#", ".", "my", "_"]),
    name=st.sampled_from(KNOWN),
    after=st.lists(st.sampled_from(LEFTOVERS), max_size=3).map("".join),
    folder=st.sampled_from(["/", "/sub/", "/a b/c/"]),
    loud=st.booleans(),
)
@example(before="", name="id_rsa", after="", folder="/", loud=True)
def test_what_the_filter_calls_a_secret_is_refused(
    before: str, name: str, after: str, folder: str, loud: bool
) -> None:
    whole = before + name + after
    whole = whole.upper() if loud else whole
    if is_secret(whole):
        assert refused(folder + whole)


@given(parts=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
def test_ordinary_names_are_not(parts: list[str]) -> None:
    assert not any(is_secret(part) for part in parts)
    assert not refused("/" + "/".join(parts))


def test_dot_paths_are_refused_but_well_known_ones() -> None:
    assert all(map(refused, ["/.git/config", "/a/.hidden", "/.well-known/.env", "/.well-knownx", "/..data/x"]))
    assert not refused("/.well-known/acme-challenge/x")


def test_every_line_is_understood_by_nginx_in_quotes() -> None:
    assert LINES
    assert not [line for line in LINES if "'" in line or not line.isprintable()]
