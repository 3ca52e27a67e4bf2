"""A missing component is a visible skip, and a failure where it is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import components

ROOT = Path(__file__).parents[2]

PROBE = """
import pytest

@pytest.mark.docker
def test_marked(): pass

@pytest.mark.docker
def test_skips_itself(): pytest.skip("on a whim")

@pytest.mark.xfail(reason="known")
@pytest.mark.docker
def test_known(): assert False

def test_unmarked(): pytest.skip("elsewhere")
"""


def _pytest(tmp_path: Path, **environment: str) -> str:
    """Run PROBE under the project's own conftest, in a machine where Docker is not at `DOCKER_HOST`."""
    (tmp_path / "test_probe.py").write_text(PROBE)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    argv += [f"--config-file={ROOT / 'pyproject.toml'}", "-p", "tests.conftest", str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if name != "SLIPWAY_REQUIRE"} | environment
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False).stdout


def test_without_a_daemon_the_test_is_skipped_by_name(tmp_path: Path) -> None:
    said = _pytest(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert "4 skipped" in said
    assert "docker: " in said


def test_a_required_component_turns_the_skip_into_a_failure(tmp_path: Path) -> None:
    said = _pytest(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock", SLIPWAY_REQUIRE="docker, s3")
    assert "1 skipped, 3 errors" in said
    assert "required by SLIPWAY_REQUIRE (docker), but: docker: " in said


@pytest.mark.docker
def test_a_skip_inside_a_required_test_fails_too_but_an_expected_failure_does_not(tmp_path: Path) -> None:
    said = _pytest(tmp_path, SLIPWAY_REQUIRE="docker")
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in said
    assert "required by SLIPWAY_REQUIRE (docker), but: on a whim" in said


def test_a_misspelt_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match="dcker"):
        components.required({"SLIPWAY_REQUIRE": "dcker"})
