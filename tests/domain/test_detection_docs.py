"""The README's tables of types and frameworks are the code's: a failure prints the line that should stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.domain.detection import TABLE, detect, wanted_paths
from monitor.domain.detection.known import KNOWN
from monitor.domain.launch import ProjectType
from monitor.domain.tree import Entry, Kind, tree_of
from tests.live.frameworks.apps import APPS
from tests.live.frameworks.parts import App
from tests.support.corpus import cases

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
STARTED = {app.framework or app.name for app in APPS.values()}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.type.value)
def test_every_row_of_the_table_stands_in_the_readme(row: object) -> None:
    line = f"| {row.type} | {row.marks} | {row.served} |"  # type: ignore[attr-defined]
    assert line in README.splitlines()


def test_the_rows_stand_in_the_order_they_are_asked_in() -> None:
    found = [README.index(f"| {row.type} | {row.marks}") for row in TABLE]
    assert found == sorted(found)


@pytest.mark.parametrize("kind", KNOWN)
def test_every_framework_is_listed_by_whether_a_live_test_starts_it(kind: ProjectType) -> None:
    started = ", ".join(name for name in KNOWN[kind] if name in STARTED) or "–"
    untested = ", ".join(name for name in KNOWN[kind] if name not in STARTED) or "–"
    assert f"| {kind} | {started} | {untested} |" in README.splitlines()


def test_nothing_is_recognised_that_is_not_listed() -> None:
    for case in cases():
        found = detect(case.tree, {path: case.files[path] for path in wanted_paths(case.tree)})
        assert found.framework in {None, "static", *KNOWN.get(found.type, ())}, case.name


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_what_a_live_test_starts_is_recognised_as_what_it_stands_for(app: App) -> None:
    tree = tree_of(Entry(path, Kind.FILE, size=len(text)) for path, text in app.files.items())
    texts = {path: text for path in wanted_paths(tree) if isinstance(text := app.files[path], str)}
    assert detect(tree, texts).framework == (app.framework or app.name)


def test_what_a_live_test_starts_is_a_framework_the_rules_know() -> None:
    assert {name for names in KNOWN.values() for name in names} >= STARTED
