"""A port that is written into a program and taken on this machine: the program listens on $PORT in its place.

Loaded by every Python an app starts, where it shares its machine's ports with others; the sitecustomize it stands in
front of is loaded too.
"""

import errno
import os
import socket
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_bind = socket.socket.bind


def bind(self, address):
    try:
        return _bind(self, address)
    except OSError as error:
        port = os.environ.get("PORT", "")
        inet = self.family in (socket.AF_INET, socket.AF_INET6) and self.type == socket.SOCK_STREAM
        if error.errno != errno.EADDRINUSE or not inet or not port.isdigit() or address[1] in (0, int(port)):
            raise
        print(f"slipway: port {address[1]} is taken on this machine, listening on {port}", file=sys.stderr)
        return _bind(self, (address[0], int(port), *address[2:]))


socket.socket.bind = bind

_here = os.path.realpath(os.path.dirname(__file__))
_next = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.realpath(path) != _here])
if _next is not None and _next.loader is not None:
    _next.loader.exec_module(module_from_spec(_next))
