"""The first start's gift: a workspaces folder with one example in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from monitor.errors import SlipwayError

EXAMPLE = Path(__file__).with_name("welcome")


def make_workspaces(root: Path) -> None:
    """Make the watched folder with the example where it does not exist; an existing one is left alone."""
    if root.is_dir():
        return
    try:
        root.mkdir(parents=True)
        shutil.copytree(EXAMPLE, root / "welcome")
    except OSError as error:
        raise SlipwayError(
            f"the workspaces folder {root} cannot be made: {error.strerror}",
            hint="mend its permissions, free some disk space, or set SLIPWAY_WORKSPACES to another folder",
        ) from None
