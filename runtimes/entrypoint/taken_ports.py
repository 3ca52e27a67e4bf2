"""Programs with a port of their own, on a machine whose ports others use too."""

from __future__ import annotations

import os
from collections.abc import Mapping


def options(host: str, shared: str, env: Mapping[str, str]) -> dict[str, str]:
    """What makes a server take $PORT where its own is taken; nothing in a container, whose ports are its own.

    `shared` is the folder of our programs. Python and Node alone can be told from outside.
    """
    if not host.startswith("127."):
        return {}
    folder = os.path.join(shared, "port")
    python = [folder, env["PYTHONPATH"]] if env.get("PYTHONPATH") else [folder]
    node = f'{env.get("NODE_OPTIONS", "")} --require="{folder}/taken.cjs"'
    return {"PYTHONPATH": os.pathsep.join(python), "NODE_OPTIONS": node.strip()}
