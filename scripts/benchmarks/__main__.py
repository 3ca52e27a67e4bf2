"""Runs the benchmarks named (all without a name) and prints their figures as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator

from monitor.cli.ending import end
from scripts.benchmarks import dashboard, drop, idle, keep, mirror, projects, restore, routes
from scripts.benchmarks.figures import Figure

BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "drop": drop.figures,
    "routes": routes.figures,
    "idle": idle.figures,
    "keep": keep.figures,
    "restore": restore.figures,
    "projects": projects.figures,
    "mirror": mirror.figures,
    "dashboard": dashboard.figures,
}


PEERS = ("restic", "rclone", "s5cmd")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Slipway against its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--list", action="store_true", help="the names there are")
    given = parser.parse_args()
    if given.list:
        print("\n".join(BENCHMARKS))
        return 0
    if unknown := set(given.names) - set(BENCHMARKS):
        print(f"error: no benchmark named {', '.join(sorted(unknown))}\nhint: scripts/bench --list", file=sys.stderr)
        return 2
    found: list[Figure] = []
    for name in given.names or BENCHMARKS:
        try:
            for figure in BENCHMARKS[name]():
                found.append(figure)
                if not given.json:
                    print(figure.line(), flush=True)
        except LookupError as missing:
            print(f"{name}: left out: {missing}", file=sys.stderr)
    for peer in PEERS:
        if shutil.which(peer) is None:
            print(f"{peer} is not installed: the figures beside it are left out", file=sys.stderr)
    if given.json:
        print(json.dumps([figure.as_json() for figure in found], indent=1), flush=True)
    return 0


if __name__ == "__main__":
    end(main())
