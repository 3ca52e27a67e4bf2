"""The official image whose interpreter satisfies a pin: what a runtime stands on where Debian's own does not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.domain.launch import ProjectType
from monitor.domain.versions import Dialect, bare, line_of, satisfies

DIALECTS: dict[ProjectType, Dialect] = {
    ProjectType.NODE: Dialect.NPM,
    ProjectType.PYTHON: Dialect.PIP,
    ProjectType.PHP: Dialect.COMPOSER,
    ProjectType.GO: Dialect.GO,
    ProjectType.RUBY: Dialect.BUNDLER,
}
IMAGES: dict[ProjectType, str] = {
    ProjectType.NODE: "node:{}-bookworm-slim",
    ProjectType.PYTHON: "python:{}-slim-bookworm",
    ProjectType.PHP: "php:{}-fpm-bookworm",
    ProjectType.GO: "golang:{}-bookworm",
    ProjectType.RUBY: "ruby:{}-slim-bookworm",
}
"""Docker Hub's official images, by release line. Debian 12, whose Python our entrypoint can run with."""
LINES: dict[ProjectType, tuple[str, ...]] = {
    ProjectType.NODE: ("24", "22", "20", "18", "25", "23", "21", "16"),
    ProjectType.PYTHON: ("3.13", "3.12", "3.11", "3.14", "3.10", "3.9", "3.8", "3.7"),
    ProjectType.PHP: ("8.4", "8.3", "8.5", "8.2", "8.1", "8.0"),
    ProjectType.GO: ("1.25", "1.24", "1.23", "1.22", "1.21"),
    ProjectType.RUBY: ("3.4", "3.3", "3.2", "3.1", "3.0"),
}
"""Release lines a range may choose from, the one to prefer first; a bare version is taken at its word."""


@dataclass(frozen=True, slots=True)
class Base:
    """An official image and the release line of the interpreter in it."""

    image: str
    version: str


def base_for(type_: ProjectType, pin: str) -> Base | None:
    """The official image for a pin; None where no release line we know satisfies it."""
    if type_ not in IMAGES:
        return None
    dialect = DIALECTS[type_]
    named = line_of(bare(pin), dialect) if bare(pin) else ""
    # `~20.11` means one of the narrower lines that have images of their own, too.
    lines = (*LINES[type_], *re.findall(r"\d+\.\d+", pin))
    line = named or next((one for one in lines if satisfies(one, pin, dialect)), "")
    return Base(IMAGES[type_].format(line), line) if line else None


def fits(type_: ProjectType, have: str | None, pin: str | None) -> bool:
    """Whether an interpreter's version satisfies a pin; one that nobody can read fits, and so does no pin."""
    if have is None or not pin or type_ not in DIALECTS:
        return True
    answer = satisfies(have, pin, DIALECTS[type_])
    return answer is None or answer
