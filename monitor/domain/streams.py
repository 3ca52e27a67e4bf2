"""Streams: a workspace's source is one history, the data its app writes to `/data` is another one.

A stream has a name, and that is all the history needs to know: the source's is the workspace's own, the data's is
`<workspace>.data`. No workspace's name has a dot. Retention, removal, verification, destinations and the fence treat
both alike.
"""

from __future__ import annotations

from monitor.domain.workspace import NAME

DATA = ".data"


def data_of(workspace: str) -> str:
    """The stream of a workspace's data volume."""
    return f"{workspace}{DATA}"


def workspace_of(stream: str) -> str:
    """Whose stream it is."""
    return stream.removesuffix(DATA)


def asked_for(stream: str) -> str:
    """How the command line names it: `shop`, or `shop --data`."""
    return f"{workspace_of(stream)} --data" if is_data(stream) else stream


def is_data(stream: str) -> bool:
    """Whether it is the stream of a data volume."""
    return stream.endswith(DATA) and NAME.fullmatch(workspace_of(stream)) is not None


def is_stream(name: str) -> bool:
    """Whether a stream can have this name."""
    return NAME.fullmatch(workspace_of(name)) is not None
