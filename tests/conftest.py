"""Real components for tests, by marker: missing is a visible skip, or a failure where it is required.

A test says what it needs with `@pytest.mark.docker`, `traefik`, `s3` or `browser`; the fixtures here hand
it over. `SLIPWAY_REQUIRE` (see `tests.support.components`) makes every skip of such a test a failure.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support import components
from tests.support.credentials import Credentials, random_credentials
from tests.support.s3 import S3Server, seaweedfs

REQUIRED = pytest.StashKey[frozenset[str]]()


# A busy machine is no reason to fail: how long things take is for scripts/bench.
hypothesis.settings.register_profile("slipway", deadline=None)
hypothesis.settings.load_profile("slipway")


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[REQUIRED] = components.required()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def _needed(item: pytest.Item) -> list[str]:
    return [name for name in components.COMPONENTS if item.get_closest_marker(name)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in _needed(item):
        if missing := components.find(name).missing:
            pytest.skip(f"{name}: {missing}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needed_here = item.config.stash[REQUIRED].intersection(_needed(item))
    if report.skipped and needed_here and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        report.outcome = "failed"
        report.longrepr = f"required by SLIPWAY_REQUIRE ({', '.join(sorted(needed_here))}), but: {reason}"
    return report


@pytest.fixture
def credentials() -> Credentials:
    """A key pair no other test has."""
    return random_credentials()


@pytest.fixture(scope="session")
def docker_host() -> str:
    """The address of a real Docker daemon; use it in tests marked `docker`."""
    return components.find("docker").where


@pytest.fixture(scope="session")
def traefik_binary() -> Path:
    """A real Traefik; use it in tests marked `traefik`."""
    return Path(components.find("traefik").where)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One real S3 server for the whole run; use it in tests marked `s3`, each in a `bucket` of its own."""
    with seaweedfs(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """A new, empty bucket on `s3_server`."""
    name = f"test-{secrets.token_hex(6)}"
    client = s3_server.client()
    client.create_bucket(Bucket=name)
    client.close()
    return name
