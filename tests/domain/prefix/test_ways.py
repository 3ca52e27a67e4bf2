"""How each framework is told its prefix: the table, and what becomes of it in a launch spec."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.domain.config import WorkspaceConfig, parse_config
from monitor.domain.detection import Detection
from monitor.domain.launch import LaunchSpec, OwnHost, ProjectType, Rewrite
from monitor.domain.launching import spec_for
from monitor.domain.prefix.ways import FILES, SERVER, WAYS, Way, way_of

README = (Path(__file__).parents[3] / "README.md").read_text()


def made(framework: str | None, *, output: str | None = None, yaml: str = "", type_: str = "node") -> LaunchSpec:
    config = parse_config(yaml) if yaml else WorkspaceConfig()
    found = Detection(
        ProjectType(type_), "because", framework=framework, start="run it", build="npm run build", output_dir=output,
        base_path=config.base_path,
    )  # fmt: skip
    return spec_for("shop", found, config, user=(1, 1))


def test_a_build_is_told_before_it_is_built_and_served_stripped() -> None:
    spec = made("vite", output="dist")
    assert spec.build is not None
    assert "slipway-base vite" in spec.build
    assert spec.build.index("slipway-base") < spec.build.index("npm run build")
    assert (spec.strip, spec.rewrite, spec.own_host) == (True, Rewrite.MEASURED, OwnHost.PREFIX)
    assert dict(spec.env)["BASE_PATH"] == "/shop"


def test_a_server_that_answers_below_its_prefix_is_asked_there() -> None:
    spec = made("next")
    assert (spec.strip, spec.rewrite, spec.own_host, spec.health_path) == (
        False,
        Rewrite.ALWAYS,
        OwnHost.PREFIX,
        "/shop/",
    )
    assert made("next", output="out").strip


def test_variables_carry_the_prefix_in_the_form_each_takes() -> None:
    assert dict(made("nuxt").env)["NUXT_APP_BASE_URL"] == "/shop/"
    assert dict(made("gradio", type_="python").env)["GRADIO_ROOT_PATH"] == "/shop"
    assert dict(made("dash", type_="python").env)["DASH_REQUESTS_PATHNAME_PREFIX"] == "/shop/"
    assert dict(made("solara", type_="python").env)["SOLARA_ROOT_PATH"] == "/shop"


@pytest.mark.parametrize(("name", "variable"), [("chainlit", "CHAINLIT_ROOT_PATH"), ("mesop", "MESOP_BASE_URL_PATH")])
def test_servers_told_by_a_variable_may_insist_on_their_prefix(name: str, variable: str) -> None:
    spec = made(name, type_="python")
    assert (spec.strip, spec.own_host, spec.health_path) == (False, OwnHost.PREFIX, "/shop/")
    assert dict(spec.env)[variable] == "/shop"


def test_what_nobody_knows_is_served_stripped_and_put_right() -> None:
    spec = made("something", type_="ruby")
    assert (spec.strip, spec.rewrite, spec.own_host) == (True, Rewrite.ALWAYS, OwnHost.ROOT)
    assert way_of(None, files=False) is SERVER
    assert way_of(None, files=True) is FILES
    assert FILES.rewrite is Rewrite.MEASURED


@pytest.mark.parametrize(
    ("yaml", "strip", "inside", "own_host", "health"),
    [
        ("strip: false", False, "", OwnHost.PREFIX, "/shop/"),
        ("base_path: /shop/", False, "", OwnHost.PREFIX, "/shop/"),
        ("base_path: /", True, "", OwnHost.ROOT, "/"),
        ("base_path: /app/", True, "/app", OwnHost.ROOT, "/app/"),
        ("base_path: /app/\nhealth: /up", True, "/app", OwnHost.ROOT, "/up"),
    ],
)
def test_a_persons_word_beats_the_table(yaml: str, strip: bool, inside: str, own_host: OwnHost, health: str) -> None:
    spec = made("express", yaml=yaml)
    assert (spec.strip, spec.inside, spec.own_host, spec.health_path) == (strip, inside, own_host, health)
    told = made("vite", output="dist", yaml="base_path: /")
    assert told.build is not None
    assert "slipway-base" not in told.build


def test_the_hop_can_be_refused_and_insisted_on() -> None:
    assert made("express", yaml="rewrite: false").rewrite is Rewrite.NEVER
    assert made("vite", output="dist", yaml="rewrite: true").rewrite is Rewrite.ALWAYS


def test_values_of_dotenv_go_only_to_what_does_not_read_them_itself() -> None:
    assert made("express").dotenv == (".env",)
    assert made("next").dotenv == ()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.framework}-{way.files}")
def test_a_row_says_what_it_does(way: Way) -> None:
    assert way_of(way.framework, files=bool(way.files)) == way
    assert way.how
    assert way.strip or way.own_host is OwnHost.PREFIX
    if way.env or way.build or way.words or not way.strip:
        assert not way.how.startswith("nothing: served stripped")


def test_every_build_that_is_told_is_one_the_teller_knows() -> None:
    teller = (Path(__file__).parents[3] / "runtimes/shared/slipway-base").read_text()
    for way in WAYS:
        assert not way.build or re.search(rf'^  "?{way.build}"?: ', teller, re.MULTILINE), way


def test_the_readme_has_the_table() -> None:
    for way in WAYS:
        rows = [line for line in README.splitlines() if line.startswith("| ") and way.how in line]
        assert any(way.framework in row for row in rows), f"| {way.framework} | {way.how} |"
        assert any(("untested" in row) is not way.tested for row in rows if way.framework in row), way
