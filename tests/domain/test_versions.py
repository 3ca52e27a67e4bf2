"""Pins in five notations against the versions the base has."""

from __future__ import annotations

import pytest

from monitor.domain.launch import ProjectType
from monitor.domain.runtimes import fits
from monitor.domain.versions import satisfies


@pytest.mark.parametrize(
    ("have", "pin", "answer"),
    [
        ("20", "20", True), ("20", "20.11.1", True), ("20", "18", False), ("20", ">=18", True),
        ("20", ">=18 <20", False),
        ("20", ">=18.0.0 <21", True), ("20", "^20.9.0", True),
        ("20", "^18.18.0 || ^20.9.0 || >=22", True),
        ("20", "^18 || ^22", False),
        ("20", "18 - 22", True), ("20", "lts", True), ("20", "*", True),
        ("20", ">=22", False), ("20", "~20.1", True),
        ("3.13", "3.13", True), ("3.13", "3.12.4", False), ("3.13", ">=3.11", True), ("3.13", ">=3.9,<3.13", False),
        ("3.13", "^3.11", True), ("3.13", "~=3.11", True), ("3.13", "~=3.11.0", False), ("3.13", "==3.13.*", True),
        ("3.13", "!=3.13", False), ("3.13", ">3.12", True), ("3.13", "<4", True), ("3.13", ">=3.13.1", True),
        ("8.4", "^8.2", True), ("8.4", "~8.2.0", False), ("8.4", "^7.4 || ^8.0", True), ("8.4", "^7.4|^8.0", True),
        ("3.3", "~> 3.2", True), ("3.3", "~> 3.2.0", False), ("3.3", "3.3.1", True), ("3.3", "3.2.2", False),
        ("1.24", "1.22", False), ("20", "whatever", None), ("20", "", None),
    ],
)  # fmt: skip
def test_satisfies(have: str, pin: str, answer: bool | None) -> None:
    assert satisfies(have, pin) is answer


def test_a_go_line_is_a_floor() -> None:
    assert fits(ProjectType.GO, "1.22")
    assert not fits(ProjectType.GO, "1.25.1")


def test_no_pin_and_an_unreadable_one_fit() -> None:
    assert fits(ProjectType.NODE, None)
    assert fits(ProjectType.NODE, "whatever")
    assert fits(ProjectType.STATIC, "9")
