"""The entrypoint of an instance: `run`, `once`, `sync`, `install`, `status` (see runtimes/README.md).

Standard library only. The same code runs as a container's command and, with environment variables for the
places, on the host. Data goes to stdout, talk to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import control
from places import Failed, Places, say
from running import Runner, install


def main(argv: list[str]) -> int:
    verbs: dict[str, Callable[[Places], int]] = {
        "run": lambda places: Runner(places).run(),
        "once": lambda places: Runner(places).once(),
        "sync": lambda places: control.ask(places, "sync"),
        "status": lambda places: control.ask(places, "status"),
        "install": install,
    }
    verb = verbs.get(argv[0] if argv else "run")
    if verb is None or len(argv) > 1:
        say(f"usage: slipway-entrypoint [{'|'.join(verbs)}]")
        return 2
    try:
        return verb(Places.from_environment())
    except Failed as error:
        say(str(error))
        return error.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
