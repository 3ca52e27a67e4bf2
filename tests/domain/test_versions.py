"""Pins in five notations against the versions the base has."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from monitor.domain.bases import base_for, fits
from monitor.domain.launch import ProjectType
from monitor.domain.versions import Dialect, satisfies

PIP, COMPOSER, BUNDLER, GO = Dialect.PIP, Dialect.COMPOSER, Dialect.BUNDLER, Dialect.GO


@pytest.mark.parametrize(
    ("have", "pin", "answer"),
    [
        ("20", "20", True), ("20", "20.11.1", True), ("20", "18", False), ("20", ">=18", True),
        ("20", ">=18 <20", False),
        ("20", ">=18.0.0 <21", True), ("20", "^20.9.0", True),
        ("20", "^18.18.0 || ^20.9.0 || >=22", True),
        ("20", "^18 || ^22", False),
        ("20", "18 - 22", True), ("20", "lts", True), ("20", "*", True),
        ("20", ">=22", False), ("20", "~20.1", False), ("20.1.7", "~20.1", True),
        ("20.19.2", "20.11.1", True), ("20.19.2", ">18", True), ("20.19.2", ">20", False), ("20.19.2", "<=20", True),
        ("20", "18.x || 20.x", True), ("0.5.1", "^0.4", False),
        ("20", "whatever", None), ("20", "", None),
    ],
)  # fmt: skip
def test_npm(have: str, pin: str, answer: bool | None) -> None:
    assert satisfies(have, pin) is answer


@pytest.mark.parametrize(
    ("dialect", "have", "pin", "answer"),
    [
        (PIP, "3.13", "3.13", True), (PIP, "3.13", "3.12.4", False), (PIP, "3.13.5", "3.13.1", True),
        (PIP, "3.13", "^3.11", True), (PIP, "3.13", "~3.12", False), (PIP, "3.13", ">=3.13.1", True),
        (COMPOSER, "8.4", "^8.2", True), (COMPOSER, "8.4", "~8.2.0", False), (COMPOSER, "8.4", "~8.2", True),
        (COMPOSER, "8.4", "^7.4 || ^8.0", True), (COMPOSER, "8.4", "^7.4|^8.0", True), (COMPOSER, "8.4", "8.*", True),
        (COMPOSER, "8.4", ">=8.1 <8.4", False), (COMPOSER, "8.4", "8.1 - 8.3", False),
        (BUNDLER, "3.3", "~> 3.2", True), (BUNDLER, "3.3", "~> 3.2.0", False), (BUNDLER, "3.3", "3.3.1", True),
        (BUNDLER, "3.3", "3.2.2", False), (BUNDLER, "3.3.8", "~> 3.3.1", True),
        (GO, "1.24", "1.22", True), (GO, "1.24", "1.25.1", False), (GO, "1.24.4", "1.24.4", True),
    ],
)  # fmt: skip
def test_others(dialect: Dialect, have: str, pin: str, answer: bool) -> None:
    assert satisfies(have, pin, dialect) is answer


def test_no_pin_and_an_unreadable_one_fit() -> None:
    assert fits(ProjectType.NODE, "20", None)
    assert fits(ProjectType.NODE, "20", "whatever")
    assert fits(ProjectType.STATIC, None, "9")


NUMBER = st.integers(0, 4)
VERSION = st.tuples(NUMBER, NUMBER, NUMBER).map(lambda three: ".".join(map(str, three)))
PARTIAL = st.lists(NUMBER, min_size=1, max_size=3).map(lambda some: ".".join(map(str, some)))
TWO = st.lists(NUMBER, min_size=2, max_size=3).map(lambda some: ".".join(map(str, some)))


@given(VERSION, st.lists(st.tuples(st.sampled_from([">=", ">", "<", "<="]), PARTIAL), min_size=1, max_size=3))
def test_ranges_are_read_as_pip_reads_them(have: str, terms: list[tuple[str, str]]) -> None:
    pin = ",".join(operator + version for operator, version in terms)
    assert satisfies(have, pin, PIP) is SpecifierSet(pin).contains(have)


@given(VERSION, TWO)
def test_compatible_releases_are_read_as_pip_reads_them(have: str, version: str) -> None:
    pin = f"~={version}"
    assert satisfies(have, pin, PIP) is SpecifierSet(pin).contains(have)


def test_ranges_are_read_as_npm_reads_them() -> None:
    library = Path(shutil.which("npm") or "/").resolve().parents[1] / "node_modules" / "semver"
    if not library.is_dir():
        pytest.skip("no npm here")
    numbers, rng = range(3), random.Random(7)
    haves = [f"{a}.{b}.{c}" for a in numbers for b in numbers for c in numbers]
    pins = [_npm_pin(rng) for _ in range(400)]
    script = "const s=require(process.argv[1]);const [h,p]=JSON.parse(require('fs').readFileSync(0));"
    script += "console.log(JSON.stringify(p.map(p=>h.map(h=>s.satisfies(h,p)))))"
    asked = json.dumps([haves, pins]).encode()
    done = subprocess.run(["node", "-e", script, str(library)], input=asked, capture_output=True, check=True)
    for pin, row in zip(pins, json.loads(done.stdout), strict=True):
        assert [satisfies(have, pin) for have in haves] == row, pin


def _npm_pin(rng: random.Random) -> str:
    def version() -> str:
        return ".".join(str(rng.randrange(3)) for _ in range(rng.randint(1, 3)))

    def part() -> str:
        if rng.random() < 0.2:
            return f"{version()} - {version()}"
        return " ".join(rng.choice([">=", ">", "<", "<=", "^", "~"]) + version() for _ in range(rng.randint(1, 2)))

    return " || ".join(part() for _ in range(rng.randint(1, 2)))


@pytest.mark.parametrize(
    ("type_", "pin", "image"),
    [
        (ProjectType.NODE, "22", "node:22-bookworm-slim"), (ProjectType.NODE, "v22.3.0", "node:22-bookworm-slim"),
        (ProjectType.NODE, ">=22", "node:24-bookworm-slim"),
        (ProjectType.NODE, "^18 || ^22", "node:22-bookworm-slim"),
        (ProjectType.NODE, "~20.11", "node:20.11-bookworm-slim"), (ProjectType.NODE, ">=90 <91", None),
        (ProjectType.PYTHON, ">=3.9,<3.13", "python:3.12-slim-bookworm"),
        (ProjectType.PYTHON, "3.11.9", "python:3.11-slim-bookworm"),
        (ProjectType.PYTHON, "==3.10.*", "python:3.10-slim-bookworm"),
        (ProjectType.PHP, "~8.2.0", "php:8.2-fpm-bookworm"), (ProjectType.RUBY, "3.2.2", "ruby:3.2-slim-bookworm"),
        (ProjectType.GO, "1.25.1", "golang:1.25-bookworm"), (ProjectType.STATIC, "1", None),
    ],
)  # fmt: skip
def test_the_official_image_of_a_pin(type_: ProjectType, pin: str, image: str | None) -> None:
    found = base_for(type_, pin)
    assert (found.image if found else None) == image
