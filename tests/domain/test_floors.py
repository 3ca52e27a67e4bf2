"""Version floors: refused below what works, warned of below what is safe, and every gap is explained."""

from __future__ import annotations

import pytest

from monitor.domain.floors import FLOORS, Level, judge, judge_tarfile, version_of


@pytest.mark.parametrize(
    ("component", "said", "level"),
    [
        ("Docker Engine", "24.0.9", Level.REFUSED),
        ("Docker Engine", "25.0.0", Level.WARNING),
        ("Docker Engine", "29.5.0", Level.WARNING),
        ("Docker Engine", "29.5.1", Level.OK),
        ("Docker Engine", "30", Level.WARNING),
        ("Compose", "v2.19.1", Level.REFUSED),
        ("Compose", "2.26.1+ds1", Level.WARNING),
        ("Compose", "2.40.2", Level.OK),
        ("runc", "1.1.5+ds1", Level.WARNING),
        ("runc", "1.2.8", Level.OK),
        ("BuildKit", "BuildKit version: v0.28.1", Level.OK),
        ("BuildKit", "0.0.0+unknown", Level.WARNING),
        ("Traefik", "Version:      3.5.4", Level.REFUSED),
        ("Traefik", "Version:      3.7.12", Level.WARNING),
        ("Traefik", "Version:      3.7.13", Level.OK),
        ("Traefik", "Version:      4.0", Level.OK),
        ("SeaweedFS", "version 30GB 4.43 abc linux amd64", Level.OK),
        ("SeaweedFS", "4.42", Level.WARNING),
        ("aiohttp", "3.14.1", Level.OK),
        ("aiohttp", "3.9.1", Level.WARNING),
        ("aiohttp", "", Level.WARNING),
    ],
)
def test_a_version_is_judged(component: str, said: str, level: Level) -> None:
    finding = judge(component, said)
    assert finding.level is level
    assert finding.message
    assert level is not Level.REFUSED or finding.hint


def test_every_floor_says_what_the_gap_means() -> None:
    for floors in FLOORS.values():
        assert floors.hint
        assert all(floor.gap for floor in (floors.works, floors.safe) if floor)


@pytest.mark.parametrize(
    ("python", "level"),
    [
        ((3, 11, 7), Level.WARNING),
        ((3, 11, 13), Level.OK),
        ((3, 12, 10), Level.WARNING),
        ((3, 13, 4), Level.OK),
        ((3, 14, 0), Level.OK),
    ],
)
def test_an_unpatched_tarfile_is_warned_of(python: tuple[int, ...], level: Level) -> None:
    assert judge_tarfile(python).level is level


def test_versions_in_words() -> None:
    assert version_of("Version:      3.7.15\nCodename: x") == (3, 7, 15)
    assert version_of("none here") is None
