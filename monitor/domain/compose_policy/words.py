"""The small languages inside a compose file: durations, sizes, commands, `NAME=value` lists, labels, images."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from monitor.domain.compose_policy.reader import At
from monitor.domain.labels import OURS
from monitor.domain.sizes import MIB
from monitor.domain.stack import Pairs

_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1, "us": 0.001, "µs": 0.001, "ns": 0.000001}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s))")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1024, "m": MIB, "g": 1024 * MIB, "t": MIB * MIB}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,255}")
_IMAGE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_LONGEST_MS = 24 * 3_600_000
OUR_IMAGES = "slipway/"


def duration(at: At) -> int:
    """`1m30s` in ms."""
    text = at.text().strip()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        at.refuse("must be a duration such as `10s` or `1m30s`")
    found = round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    if found > _LONGEST_MS:
        at.refuse("must be at most a day")
    return found


def size(at: At) -> int:
    """`64m` in bytes."""
    match = _SIZE.fullmatch(at.text().strip())
    if match is None:
        at.refuse("must be a size such as `64m`")
    return int(float(match[1]) * _FACTORS[match[2].lower()])


def command(at: At) -> tuple[str, ...] | None:
    """A command as a list of words; one line of text is split as a shell splits it, and no shell runs it."""
    if at.value is None:
        return None
    if isinstance(at.value, list):
        return tuple(item.text() for item in at.items())
    try:
        return tuple(shlex.split(at.text()))
    except ValueError as error:
        at.refuse(f"cannot be split into words: {error}")


def variables(at: At, values: Mapping[str, str]) -> Pairs:
    """`environment` or `args`: a table or a list of `NAME=value`; a name alone takes its value from `values`."""
    found: dict[str, str] = {}
    for name, inner, value in _pairs(at):
        if not _VARIABLE.fullmatch(name):
            inner.refuse("must be a variable's name (letters, digits, `_`), then its value")
        given = values.get(name) if value is None else value
        if given is not None:
            found[name] = given
    return tuple(sorted(found.items()))


def labels(at: At) -> Pairs:
    """Labels outside the names Slipway, the router and Compose act on."""
    found: dict[str, str] = {}
    for name, inner, value in _pairs(at):
        if not _LABEL.fullmatch(name):
            inner.refuse("must be a label's name, then its value")
        if name.lower().startswith((*OURS, "com.docker.")):
            inner.refuse(f"the label {name} is not allowed: routes and Docker's own labels are set by Slipway")
        found[name] = value or ""
    return tuple(sorted(found.items()))


def image(at: At) -> str:
    """An image's name as a registry knows it, see `image_problem`."""
    found = at.text()
    if problem := image_problem(found):
        at.refuse(problem)
    return found


def image_problem(name: str) -> str:
    """Why an image must not be named so (by an id, or one made for another workspace); "" where it is fine."""
    if len(name) > 400 or not _IMAGE.fullmatch(name):
        return "must be an image's name such as `nginx:1.27`"
    if re.fullmatch(r"[0-9a-f]{1,64}", name):
        return "must not look like an image's id; write `library/NAME`"
    bare = name.removeprefix("docker.io/").removeprefix("index.docker.io/")
    if bare.startswith((OUR_IMAGES, "sha256:")):
        return "must be an image of a registry, not one made on this machine"
    return ""


def _pairs(at: At) -> Iterator[tuple[str, At, str | None]]:
    if isinstance(at.value, list):
        for item in at.items():
            name, equals, value = item.text().partition("=")
            yield name, item, value if equals else None
        return
    for name, inner in at.table():
        yield name, inner, None if inner.value is None else inner.text()
