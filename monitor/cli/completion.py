"""`slipway completion` and `slipway open`: at home in a shell and in a browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from monitor.cli.client import segment
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import out, out_json, say
from monitor.cli.views import client_of
from monitor.errors import Conflict, SlipwayError

VARIABLE = "_SLIPWAY_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@as_json
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> None:
    """Print what makes a shell complete commands and names.

    \b
    Examples:
      slipway completion bash >> ~/.bashrc
      slipway completion zsh > ~/.zfunc/_slipway
      slipway completion fish > ~/.config/fish/completions/slipway.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise SlipwayError(f"nobody knows how {shell} completes")
    made = kind(context.find_root().command, {}, "slipway", VARIABLE).source()
    if as_json:
        out_json({"shell": shell, "script": made})
    else:
        sys.stdout.write(made)


@click.command(name="open")
@click.argument("name", required=False)
@click.option("--print", "only_print", is_flag=True, help="Print the address; open nothing.")
@data_folder
@as_json
def open_(name: str | None, only_print: bool, data: Path | None, as_json: bool) -> None:
    """Open a workspace in a browser.

    Without NAME: the page that lists all of them. The address is printed, too. Without a desktop it is only printed.

    \b
    Examples:
      slipway open shop
      slipway open shop --print
    """
    client = client_of(data)
    if name:
        state = client.get(f"/api/workspaces/{segment(name)}")
        url = state["url"]
        if not url:
            raise Conflict(f"{name} has no address: {state['reason']}", hint=state["hint"])
        if state["phase"] != "serving":
            say(f"! {name} is {state['phase']}: {state['reason']}")
    else:
        url = settings({"data": data}).workspaces_url
    if as_json:
        out_json({"url": url})
    else:
        out(url)
    if not only_print and not as_json and _has_desktop():
        webbrowser.open(url)


def _has_desktop() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
