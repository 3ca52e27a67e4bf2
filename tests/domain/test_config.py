"""slipway.yaml: what is accepted, and what is refused with the place where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.config import parse_config
from monitor.domain.config_text import ConfigError

FULL = """\
type: python
version: "3.12"
start: gunicorn shop:app
port: 9000
health: /healthz
env:
  GREETING: hello
  WORKERS: 2
data:
  - data/shop.db
  - uploads/
base_path: /shop
strip: false
host: shop.example.org
icon: art/icon.png
resources:
  memory: 512m
  cpus: 1.5
sync:
  exclude: ["*.tmp"]
  secrets: [config/dev.key]
"""


def test_everything_it_may_say() -> None:
    config = parse_config(FULL)
    assert (config.type, config.version, config.port) == ("python", "3.12", 9000)
    assert config.env == {"GREETING": "hello", "WORKERS": "2"}
    assert config.data == ["data/shop.db", "uploads/"]
    assert config.base_path == "/shop/"
    assert config.resources.memory == 512 * 1024 * 1024
    assert config.sync.secrets == ["config/dev.key"]


@pytest.mark.parametrize("text", ["", "\n# nothing yet\n", "---\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert parse_config(text) == parse_config("{}")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("start: x\nprot: 80\n", 2, 1, "unknown key `prot`"),
        ("resources:\n  memroy: 1g\n", 2, 3, "unknown key `resources.memroy`"),
        ("schedule: hourly\n", 1, 1, "unknown key `schedule`"),
        ("type: compose\n", 1, 7, "`type` must be 'node'"),
        ("port: eighty\n", 1, 7, "`port` must be a whole number"),
        ("port: 70000\n", 1, 7, "`port` must be less than or equal to 65535"),
        ('port: "80"\n', 1, 7, "`port` must be a whole number"),
        ("strip: 1\n", 1, 8, "`strip` must be true or false"),
        ("version: 3.10\n", 1, 10, "must be in quotes"),
        ("start: [a, b]\n", 1, 8, "`start` must be text"),
        ("start: ''\n", 1, 8, "must be a command"),
        ("data:\n  - ok\n  - ../up\n", 3, 5, "`data[1]` must not contain `..`"),
        ("data: [/etc]\n", 1, 8, "relative to the workspace"),
        ("data: [.]\n", 1, 8, "not the workspace itself"),
        ("data: db\n", 1, 7, "`data` must be a list"),
        ("root: a/../../b\n", 1, 7, "must not contain `..`"),
        ("icon: C:/x.png\n", 1, 7, "relative to the workspace"),
        ("env:\n  A B: 1\n", 2, 3, "must be a variable name"),
        ("env:\n  PORT: 1\n", 2, 3, "is set by Slipway"),
        ("env:\n  DEBUG: true\n", 2, 10, "must be in quotes"),
        ("env: []\n", 1, 6, "`env` must be a table"),
        ("health: no\n", 1, 9, "`health` must be text"),
        ("health: admin\n", 1, 9, "begins with `/`"),
        ("host: Shop_1\n", 1, 7, "must be a host name"),
        ("host: a`) || PathPrefix(`/\n", 1, 7, "must be a host name"),
        ("base_path: /a b/\n", 1, 12, "must be a URL path"),
        ("resources: {memory: lots}\n", 1, 21, "must be a size"),
        ("resources: {memory: 1k}\n", 1, 21, "greater than or equal"),
        ("start: a\nstart: b\n", 2, 1, "is there twice"),
        ("- a\n", 1, 1, "must be a table of keys"),
        ("just words\n", 1, 1, "must be a table of keys"),
        ("? [a]\n: b\n", 1, 3, "a key must be a word"),
        ("start: 'open\n", 2, 1, "this is not YAML"),
        ("a:\n\t- b\n", 2, 1, "this is not YAML"),
        ("env: &a {X: y}\n", 1, 6, "anchors and aliases"),
        ("env:\n  X: *a\n", 2, 6, "anchors and aliases"),
        ("start: !!python/object/apply:os.system [id]\n", 1, 8, "tags"),
        ("start: x\n---\nstart: y\n", 2, 1, "must be one document"),
        ("a: " + "[" * 40 + "]" * 40, 1, 11, "too deeply nested"),
        ("a: " + "[" * 20000, 1, 11, "too deeply nested"),
        ("sync:\n  exclude: [" + "a," * 6000 + "]", 2, 10001, "too many entries"),
        ("# " + "x" * 70000, 1, 1, "longer than 64 KiB"),
        ("start: a\x00b\n", 1, 1, "this is not YAML"),
    ],
)
def test_is_refused_where_it_stands(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(text)
    assert words in refused.value.message
    assert (refused.value.line, refused.value.column) == (line, column), refused.value.message
    assert f"line {line}, column {column}" in refused.value.message


def test_an_unknown_key_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config("resources: {ram: 1}")
    assert refused.value.hint == "known keys: memory, cpus"


@given(st.text(max_size=200) | st.text(alphabet="ab:[]{}-&*!'\"\n #,", max_size=80))
def test_any_text_is_a_value_or_a_refusal(text: str) -> None:
    refused = None
    try:
        parse_config(text)
    except ConfigError as error:
        refused = error
    assert refused is None or (min(refused.line, refused.column) >= 1 and "\n" not in refused.message)
