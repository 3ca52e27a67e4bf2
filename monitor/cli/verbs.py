"""`slipway start`, `stop` and `restart`: ask, then wait until it is so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Client, segment, told
from monitor.cli.options import as_json, data_folder
from monitor.cli.progress import Telling
from monitor.cli.talk import out_json, say
from monitor.cli.views import client_of
from monitor.errors import SlipwayError

POLL_S = 0.2
WAITING = frozenset({"queued", "running"})


def _verb(verb: str, done: str, *help_text: str) -> click.Command:
    examples = f"\b\nExamples:\n  slipway {verb} shop\n  slipway {verb} shop --no-wait"

    @click.command(name=verb, help="\n\n".join((*help_text, examples)))
    @click.argument("name")
    @click.option("--no-wait", is_flag=True, help="Ask only; do not wait until it is so.")
    @data_folder
    @as_json
    def command(name: str, no_wait: bool, data: Path | None, as_json: bool) -> None:
        client = client_of(data)
        answer = client.post(f"/api/workspaces/{segment(name)}/{verb}")
        if "kind" in answer and not no_wait:
            answer = wait(client, answer)
        if as_json:
            out_json(answer)
        elif no_wait and "kind" in answer:
            say(f"asked for: {verb} {name} (job {answer['id']})")
        else:
            say(f"{name} is {done}")

    return command


start = _verb("start", "serving", "Start a workspace.", "One that failed is tried again at once.")
stop = _verb(
    "stop",
    "stopped",
    "Stop a workspace.",
    "It stays stopped, over restarts of everything, until it is started again.",
)
restart = _verb("restart", "serving", "Replace what runs by a fresh start.")


def wait(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it is over; its progress is told meanwhile. Raises what made it fail."""
    with Telling(f"{job['kind']} {job['workspace']}") as tell:
        while job["state"] in WAITING:
            progress = job["progress"]
            tell(str(progress.get("text", "")), progress.get("done"), progress.get("total"))
            time.sleep(POLL_S)
            job = client.get(f"/api/jobs/{job['id']}")
    if job["state"] == "failed":
        raise told(job["error"])
    if job["state"] == "cancelled":
        raise SlipwayError(f"{job['kind']} {job['workspace']} was cancelled", hint="ask again")
    return job
