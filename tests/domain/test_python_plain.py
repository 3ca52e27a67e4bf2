"""What Poetry, PDM, uv and Pipenv projects declare, in pip's words."""

from __future__ import annotations

import pytest

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_plain import declared, plain_install
from monitor.domain.tree import Entry, Kind, Tree


def facts(**files: str) -> Facts:
    texts = {name.replace("__", "."): text for name, text in files.items()}
    return Facts(Tree({path: Entry(path, Kind.FILE, len(text)) for path, text in texts.items()}), texts)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"^3.1"', ">=3.1,<4"),
        ('"^0.2.3"', ">=0.2.3,<0.3"),
        ('"~2.1.4"', ">=2.1.4,<2.2"),
        ('"~=2.1"', "~=2.1"),
        ('"*"', ""),
        ('"2.0"', "==2.0"),
        ('">=2, <3"', ">=2,<3"),
        ('{ version = "^3", extras = ["async"] }', "[async]>=3,<4"),
    ],
)
def test_a_poetry_range_is_pips(written: str, said: str) -> None:
    text = f'[tool.poetry.dependencies]\npython = "^3.11"\nflask = {written}\nown = {{ path = "../own" }}\n'
    assert declared(facts(pyproject__toml=text)) == [f"flask{said}"]


def test_what_is_declared_is_installed_with_the_servers() -> None:
    text = '[project]\ndependencies = ["rich>=13"]\n'
    install = plain_install(facts(pyproject__toml=text), "uv", ["gunicorn"]) or ""
    assert install.endswith("pip install 'rich>=13' gunicorn")
    assert declared(facts(Pipfile='[packages]\nflask = "*"\n')) == ["flask"]


def test_pip_itself_has_no_other_way() -> None:
    assert plain_install(facts(requirements__txt="flask"), "pip", []) is None
