"""Instances on the host, each run by the entrypoint as the process engine does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.host_instance import HostInstance

Make = Callable[..., HostInstance]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make one with this environment; all of them are ended afterwards."""
    made: list[HostInstance] = []

    def new(**environment: str) -> HostInstance:
        made.append(HostInstance(tmp_path, **environment))
        return made[-1]

    yield new
    for instance in made:
        instance.__exit__()
