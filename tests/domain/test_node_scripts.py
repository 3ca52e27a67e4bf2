"""What a script comes to with those it calls, and that this stays short whatever they say."""

from __future__ import annotations

import pytest

from monitor.domain.detection.node_scripts import LONGEST, calls, whole

SCRIPTS = {
    "start": "npm run -s serve",
    "serve": "yarn web && run-p api docs",
    "web": "vite",
    "api": "node api.js",
    "docs": "cd docs && npm start",
    "preserve": "pnpm run build",
    "build": "tsc",
}


def test_what_a_script_calls_stands_in_its_place() -> None:
    assert whole(SCRIPTS, "start") == "vite && node api.js & cd docs && npm start"


def test_the_scripts_it_runs_are_told_by_name() -> None:
    assert calls(SCRIPTS, "serve") == {"web", "api", "docs", "build"}


@pytest.mark.parametrize(
    "text",
    ["npm start --prefix web", "npm run start -w web", "cd web && npm start", "pnpm --filter web start"],
)
def test_another_packages_script_is_left_as_it_is(text: str) -> None:
    assert whole({"start": "node .", "other": text}, "other") == text


def test_scripts_that_call_each_other_many_times_over_stay_short() -> None:
    many = {name: f"npm run {after} && " * 200 for name, after in zip("abcdefgh", "bcdefgha", strict=True)}
    assert len(whole(many, "a")) <= LONGEST
