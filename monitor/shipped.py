"""Where the folders that ship beside the package are: in a clone, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Shipped = Literal["compose", "runtimes", "traefik"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: Shipped, package: Path = _PACKAGE) -> Path:
    """The folder `name`, wherever this installation keeps it.

    A wheel carries it in `monitor/_shipped/`; in a clone it lies beside `monitor/`. Raises
    `FileNotFoundError` for an installation that lost it: installing again helps.
    """
    for folder in (package / "_shipped" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"The folder {name}/ that belongs to Slipway is not there; install Slipway again.")
