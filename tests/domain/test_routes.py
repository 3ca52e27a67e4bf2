"""The routing table: its rules, its priorities, and what Traefik is given to read."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import labels
from monitor.domain import route_rules as rules
from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.domain.route_render import file_configuration, file_text, route_labels
from monitor.domain.route_table import Serving, instance_routes, route_table, serving
from monitor.domain.routes import MAX_GENERATION, Provider, RouteTable, instance_name, workspace_of
from monitor.domain.workspace import NAME
from tests.support.routes import process, table

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = ["a`)||PathPrefix(`/", "../x", "a\n", "-rf", "", "A", "a|b", "a" * 41, "é", "a b", "{{x}}", "$1", "b-"]
NAMES = st.from_regex(NAME, fullmatch=True)


def spec(workspace: str, *, strip: bool = True) -> LaunchSpec:
    return LaunchSpec(workspace, ProjectType.NODE, "node", "npm start", (1000, 1000), port=8000, strip=strip)


def test_the_published_file_reads_as_designed() -> None:
    written = file_text(table(process("blog", 3), process("www", 1, strip=False, port=9101), known=("api",)))
    assert written == (GOLDEN / "routes.yml").read_text()


def test_the_labels_read_as_designed() -> None:
    lines = [f"{k}={v}" for k, v in route_labels(spec("blog"), 3, "a1b2", "slipway-blog", "localhost").items()]
    unstripped = route_labels(spec("docs", strip=False), 12, "a1b2", "slipway-docs", "example.org")
    lines += ["", *(f"{k}={v}" for k, v in unstripped.items())]
    assert "\n".join(lines) + "\n" == (GOLDEN / "routes.labels").read_text()


def test_what_is_written_is_what_traefik_will_read() -> None:
    wanted = table(process("blog", 3), process("www", 1, strip=False))
    assert yaml.safe_load(file_text(wanted)) == {"http": file_configuration(wanted)}


def test_nothing_written_is_a_template_to_traefik() -> None:
    wanted = route_table(
        [], [], gate_url="http://127.0.0.1:1", dashboard_url='http://x/{{ env "HOME" }}', domain="localhost"
    )
    text = file_text(wanted)
    assert "{{" not in text
    assert '{{ env "HOME" }}' in str(yaml.safe_load(text))


def test_equal_states_give_equal_tables_whatever_their_order() -> None:
    one, two = process("a"), process("b")
    assert table(one, two, known=("x", "y")) == table(two, one, known=("y", "x"))


def test_containers_are_wanted_but_not_published() -> None:
    labelled = Serving("blog", 2, True, Provider.DOCKER, "http://10.0.0.2:8000", 8000)
    wanted = table(labelled, known=("blog",))
    assert {"ws-blog-2@docker", "ws-blog-2-host@docker"} <= wanted.by_name().keys()
    assert "ws-blog-2" not in file_text(wanted)


def test_labels_and_wanted_routes_of_one_instance_agree() -> None:
    rendered = route_labels(spec("blog"), 2, "id", "net", "localhost")
    for route in instance_routes(Serving("blog", 2, True, Provider.DOCKER, port=8000), "localhost"):
        prefix = f"{labels.TRAEFIK_HTTP}.routers.{route.name}"
        assert rendered[f"{prefix}.rule"] == route.rule
        assert rendered[f"{prefix}.priority"] == str(route.priority)
        used = [name if "@" in name else f"{name}@docker" for name in rendered[f"{prefix}.middlewares"].split(",")]
        assert tuple(used) == route.full_middlewares


@pytest.mark.parametrize("generation", [1, 2, MAX_GENERATION])
def test_no_generation_leaves_its_row_of_the_table(generation: int) -> None:
    priorities = {route.name: route.priority for route in table(process("www", generation), known=("www",))}
    by_row = [
        priorities[f"ws-www-{generation}-host"],
        priorities["slipway-host"],
        priorities["slipway-monitor"],
        priorities[f"ws-www-{generation}"],
        priorities["slipway-gate"],
        priorities["slipway-orphans"],
        priorities[f"ws-www-{generation}-all"],
        priorities["slipway-rest"],
    ]
    assert all(higher > lower for higher, lower in pairwise(by_row))


@pytest.mark.parametrize("generation", [-1, 0, 900])
def test_a_generation_that_would_leave_its_row_is_refused(generation: int) -> None:
    with pytest.raises(ValueError, match="generation"):
        table(process("blog", generation))


def test_the_newer_generation_is_asked_first_on_every_way_in() -> None:
    old, new = (
        {r.name.removeprefix(f"ws-www-{g}"): r for r in instance_routes(process("www", g), "localhost")}
        for g in (1, 2)
    )
    assert old.keys() == new.keys() == {"", "-host", "-all"}
    for suffix, route in new.items():
        assert route.priority > old[suffix].priority
        assert route.rule == old[suffix].rule
        assert route.name != old[suffix].name


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_but_a_workspace_name_gets_into_a_rule(name: str) -> None:
    with pytest.raises(ValueError, match="not a workspace name"):
        table(known=(name,))
    with pytest.raises(ValueError, match="not a workspace name"):
        instance_routes(process(name), "localhost")


@pytest.mark.parametrize("domain", ["`", "a`) || Path(`/", "a..b", "", "-a", "a b", "ex_ample", "a\n"])
def test_nothing_but_a_host_name_gets_into_a_rule(domain: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        rules.of_host("blog", domain)


@given(names=st.lists(NAMES, min_size=1, max_size=8, unique=True), other=NAMES)
def test_the_gate_and_the_orphans_know_exactly_the_known_names(names: list[str], other: str) -> None:
    gate = _regexp(rules.of_known(names))
    orphans = _regexp(rules.of_orphans(names, navigations=True))
    for name in {*names, other}:
        known = name in names
        assert bool(gate.search(f"/{name}")) is known
        assert bool(gate.search(f"/{name}/deep/er")) is known
        assert not gate.search(f"/{name}-x/".replace(f"/{other}-x/", "/-/")) or f"{name}-x" in names
        assert bool(orphans.search(f"https://h:8080/{name}/page?q")) is known
        assert not orphans.search(f"https://h/{name}")
        assert not orphans.search(f"https://h/deep/{name}/")


@given(name=NAMES, generation=st.integers(1, MAX_GENERATION))
def test_a_router_names_its_workspace(name: str, generation: int) -> None:
    base = instance_name(name, generation)
    for full in (base, f"{base}-host", f"{base}-all@file", f"{base}-strip@docker"):
        assert workspace_of(full) == name
    assert table(process(name, generation)).of(name) == tuple(
        sorted(instance_routes(process(name, generation), "localhost"), key=lambda r: -r.priority)
    )


@pytest.mark.parametrize("name", ["slipway-gate@file", "api@internal", "ws-", "ws-1", "ws-blog", "other-1"])
def test_other_routers_name_no_workspace(name: str) -> None:
    assert workspace_of(name) is None


def test_without_a_www_a_person_following_a_link_is_sent_home_too() -> None:
    assert "Accept" not in _rule(table(known=("blog",)), "slipway-orphans")
    assert "Accept" in _rule(table(known=("blog", "www")), "slipway-orphans")


def test_an_instance_is_routed_to_where_it_listens() -> None:
    there = Instance("i", "blog", "h", 4, Running.RUNNING, ready=True, host="fd00::2", port=8000)
    assert serving(there, spec("blog", strip=False), labelled=True) == Serving(
        "blog", 4, False, Provider.DOCKER, "http://[fd00::2]:8000", 8000
    )
    nowhere = Instance("i", "blog", "h", 4, Running.CREATED)
    assert serving(nowhere, spec("blog"), labelled=False) == Serving("blog", 4, True, Provider.FILE, ready=False)


def _rule(wanted: RouteTable, name: str) -> str:
    return next(route.rule for route in wanted if route.name == name)


def _regexp(rule: str) -> re.Pattern[str]:
    """The first regular expression in a rule; Go's `$` is Python's `\\Z`."""
    found = re.search(r"Regexp\((?:`\w+`, )?`([^`]*)`\)", rule)
    assert found
    return re.compile(found[1].replace("$", r"\Z"))
