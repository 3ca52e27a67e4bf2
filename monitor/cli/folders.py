"""`slipway detect` and `slipway explain`: a folder looked at without a monitor."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from monitor.app.looking import detect_path, explain_path
from monitor.cli.options import as_json, settings
from monitor.cli.talk import out, out_json, say
from monitor.domain.detection import Detection
from monitor.domain.detection.table import LOOKED_FOR
from monitor.domain.launch import ProjectType

SHOWN = (
    "version",
    "package_manager",
    "install",
    "setup",
    "build",
    "start",
    "port",
    "output_dir",
    "base_path",
    "root",
)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@as_json
def detect(path: Path, as_json: bool) -> None:
    """Say what a folder is and how it would run.

    Prints the evidence for everything; nothing in the folder is run.

    \b
    Examples:
      slipway detect ./my-project
      slipway detect ./my-project --json
    """
    found = asyncio.run(detect_path(path))
    if as_json:
        out_json(found.as_json())
    else:
        _show(found)


def _show(found: Detection) -> None:
    said = found.as_json()
    out(f"{found.type.value}: {found.reason}", style="bold")
    for line in found.evidence:
        out(f"  - {line}")
    for key in SHOWN:
        if said[key]:
            out(f"  {key.replace('_', ' ')}: {said[key]}")
    if found.type is ProjectType.UNKNOWN:
        say(f"hint: say `type:` and `start:` in slipway.yaml, or add what is looked for: {LOOKED_FOR}")
    for line in (*([found.refusal] if found.refusal else []), *found.problems):
        out(f"  ! {line}", style="yellow")


@click.command()
@click.argument("name")
@click.argument("path")
@click.option("--workspaces", help="The watched folder [SLIPWAY_WORKSPACES, workspaces].")
@as_json
def explain(name: str, path: str, workspaces: str | None, as_json: bool) -> None:
    """Say whether a file is kept, and why.

    NAME is a workspace, PATH is relative to its folder and need not exist.

    \b
    Examples:
      slipway explain shop node_modules/express/index.js
      slipway explain shop .env
    """
    verdict = asyncio.run(explain_path(settings({"workspaces": workspaces}).workspaces, name, path))
    if as_json:
        out_json(verdict)
        return
    out(f"{'kept' if verdict['kept'] else 'not kept'}: {path}", style="green" if verdict["kept"] else "yellow")
    out(f"  {verdict['reason']}")
    if not verdict["kept"] and verdict["runs"]:
        out("  a running copy gets it all the same")
