"""The command line: data on stdout, talk on stderr, `--json` everywhere with the API's shapes."""

from monitor.cli.command import main

__all__ = ["main"]
