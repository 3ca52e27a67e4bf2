"""End the process at once, with everything written out.

The store's client library runs threads of its own. One that lets go of a Python object while the
interpreter is shutting down is stopped by CPython (before 3.14) in a way Rust answers with `abort()`: the
work is done and the exit code still says 134, about once in a hundred short runs. So nothing is shut down:
what is buffered is written, and the process ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import NoReturn


def end(code: int) -> NoReturn:
    """Write out logs and both streams, then end with `code`; exit handlers do not run."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
