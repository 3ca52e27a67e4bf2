"""The command `slipway` itself: its verbs, and the one place where an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Any, NoReturn

import click

from monitor.cli import (
    backup,
    completion,
    doctor,
    folders,
    history,
    keeping,
    new,
    restore,
    run,
    snapshots,
    tokens,
    up,
    verbs,
    views,
)
from monitor.cli.ending import end
from monitor.cli.everywhere import everywhere, quiet
from monitor.cli.talk import complain, hush, out_json
from monitor.errors import SlipwayError, UsageError

EXIT_CODES = "Exit codes: 0 ok, 1 error, 2 usage, 3 incomplete, 4 not found, 5 refused."
INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=f"{EXIT_CODES} Every command but up takes --json; NO_COLOR is respected.",
    params=[quiet()],
)
@click.version_option(version("slipway"), prog_name="slipway", message="%(prog)s %(version)s")
def cli() -> None:
    """Drop a project folder, visit its URL, and every save is kept.

    \b
    Examples:
      slipway up                       start everything and print where it is
      slipway list                     every workspace and how it is doing
      slipway logs shop -f             follow what a workspace prints
      slipway detect ./my-project      what would be run, and why
    """


for command in (
    up.up,
    views.status,
    views.list_,
    views.logs,
    verbs.start,
    verbs.stop,
    verbs.restart,
    run.run,
    completion.open_,
    completion.completion,
    folders.detect,
    folders.explain,
    tokens.token,
    doctor.doctor,
    backup.backup,
    restore.restore,
    snapshots.snapshot,
    history.history,
    history.diff,
    new.new,
    keeping.sync,
    keeping.fork,
    keeping.verify,
    keeping.retention,
    keeping.purge,
):
    cli.add_command(everywhere(command))


def main(argv: list[str] | None = None) -> NoReturn:
    """Run one command; ends the process with its exit code."""
    _write_odd_names()
    arguments = sys.argv[1:] if argv is None else argv
    end(_run(arguments))


def _run(arguments: list[str]) -> int:
    hush(on=False)
    try:
        code: Any = cli.main(arguments, prog_name="slipway", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        # A group alone: its help is no error of one line.
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _fail(_as_ours(error), arguments)
    except SlipwayError as error:
        return _fail(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has seen enough; what is left in the buffer must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def _fail(error: SlipwayError, arguments: list[str]) -> int:
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in ours:
        out_json(error.as_json())
    complain(error)
    return error.exit_code


def _as_ours(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "slipway"
    return UsageError(error.format_message(), hint=f"`{path} --help` shows how it is used")


def _write_odd_names() -> None:
    """File names that are not valid text are shown, not tripped over."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
