"""`slipway doctor`: is everything here that Slipway stands on, and is it safe."""

from __future__ import annotations

import asyncio

import click

from monitor.cli.client import Client
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import columns, out_json, say
from monitor.domain.floors import Level
from monitor.errors import Refused


@click.command()
@data_folder
@as_json
def doctor(data: str | None, as_json: bool) -> int:
    """Look at versions, ports, disk space, limits and Docker. Changes nothing; needs no running monitor.

    A gap that only weakens is a warning (exit code 0), one that Slipway cannot work with is refused (5).

    \b
    Examples:
      slipway doctor
      slipway doctor --json | jq '.items[] | select(.level != "ok")'
    """
    # Imported here: every other command would wait for what only this one needs.
    from monitor.app.doctor import examine

    in_force = settings({"data": data})
    findings = asyncio.run(examine(in_force, running=Client(in_force.data).runs()))
    if as_json:
        out_json({"items": [finding.as_json() for finding in findings]})
    else:
        columns([(f.level.value, f.check, f.message) for f in findings], ("level", "what", "seen"))
        for finding in findings:
            if finding.hint:
                say(f"hint: {finding.check}: {finding.hint}")
    refused = any(finding.level is Level.REFUSED for finding in findings)
    return Refused.exit_code if refused else 0
