"""`slipway up`: the monitor itself, until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from monitor.cli.options import every_setting, settings


@click.command()
@click.option("--keep", is_flag=True, help="At the end leave instances running; the next start adopts them.")
@click.option("--take-over", is_flag=True, help="Go on in a bucket that another install of Slipway wrote to.")
@every_setting
def up(keep: bool, take_over: bool, **flags: Any) -> None:
    """Start everything and run until Ctrl-C.

    That is the bundled Traefik and S3 server and the monitor; one `ready` line says where they are.
    Every setting can be given as a flag, in the environment or in `slipway.toml` in the data folder; flags
    win over the environment, the environment over the file.

    \b
    Examples:
      slipway up
      slipway up --workspaces ~/sites --http-port 80 --bind 0.0.0.0
      slipway up --engine process --scan-s 2
    """
    # Imported here: every other command would wait for what only this one needs.
    from monitor.app.run import run

    asyncio.run(run(settings(flags), keep=keep, take_over=take_over))
