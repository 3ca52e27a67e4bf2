"""The two small JSON objects of a prefix: `FORMAT` (what this is) and `writer` (who writes)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.domain.history import fields
from monitor.domain.history.errors import BadObject, unknown_format
from monitor.domain.history.revision import Writer

VERSION = 1


def write_format(repository: str) -> bytes:
    """`FORMAT` of a new repository with that id."""
    return _json({"format": VERSION, "repository": repository})


def read_format(data: bytes) -> str:
    """The repository's id; raises `UnknownFormat` for another version, `BadObject` for anything else."""
    value = _object(data, "FORMAT")
    version = fields.field(value, "format")
    if type(version) is not int or version != VERSION:
        raise unknown_format("repository", version, VERSION)
    return fields.text(fields.field(value, "repository"), 200)


def write_writer(writer: Writer) -> bytes:
    return _json({"install": writer.install, "epoch": writer.epoch, "nonce": writer.nonce})


def read_writer(data: bytes) -> Writer:
    """Raises `BadObject`."""
    value = _object(data, "writer")
    return Writer(
        fields.text(fields.field(value, "install"), 200),
        fields.integer(fields.field(value, "epoch")),
        fields.text(fields.field(value, "nonce"), 200),
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data[:65_536])
    except (ValueError, RecursionError) as error:
        raise BadObject(
            f"The object `{what}` is not JSON.", hint="Is this prefix used by another program?"
        ) from error
    if not isinstance(value, dict):
        raise BadObject(f"The object `{what}` is not a JSON object.")
    return value
