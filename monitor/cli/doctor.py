"""`slipway doctor`: is everything here that Slipway stands on, and is it safe."""

from __future__ import annotations

import asyncio

import click

from monitor.cli.client import Client
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import columns, out_json, say
from monitor.domain.floors import Finding, Level
from monitor.errors import Refused
from monitor.settings import Settings


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
    findings = _findings(settings({"data": data}))
    if as_json:
        out_json({"items": [finding.as_json() for finding in findings]})
    else:
        columns([(f.level.value, f.check, f.message) for f in findings], ("level", "what", "seen"))
        for finding in findings:
            if finding.hint:
                say(f"hint: {finding.check}: {finding.hint}")
    refused = any(finding.level is Level.REFUSED for finding in findings)
    return Refused.exit_code if refused else 0


def _findings(in_force: Settings) -> list[Finding]:
    """What the running monitor sees, with its own ports and store; without one, what can be seen from here."""
    client = Client(in_force.data)
    if client.runs():
        told = client.get("/api/doctor")["items"]
        return [Finding(one["check"], Level(one["level"]), one["message"], one["hint"]) for one in told]
    # Imported here: every other command would wait for what only this one needs.
    from monitor.app.doctor import examine

    return asyncio.run(examine(in_force))
