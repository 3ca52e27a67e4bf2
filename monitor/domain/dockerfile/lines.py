"""A Dockerfile as instructions: continuations joined, comments gone, each with its line and its flags apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from monitor.domain.compose_policy.reader import NotAllowed

MOST_TEXT = 64 * 1024
MOST_INSTRUCTIONS = 500
KNOWN = frozenset({
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
})  # fmt: skip
_CONTINUED = re.compile(r"([^\\])\\[ \t]*$|^\\[ \t]*$")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S.*)$")
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of `file`: its word in capitals, its flags in order, the rest on one line."""

    file: str
    line: int
    word: str
    rest: str
    flags: tuple[tuple[str, str], ...] = ()

    def refuse(self, why: str, hint: str = "") -> NoReturn:
        raise NotAllowed(
            f"{self.file}, line {self.line}: `{self.word}` {why}", path=f"{self.file}:{self.line}", hint=hint
        )

    @property
    def words(self) -> list[str]:
        """The rest as a list of words, also where it is written as JSON."""
        if self.rest.startswith("["):
            try:
                found = json.loads(self.rest)
            except (ValueError, RecursionError):
                return self.rest.split()
            if isinstance(found, list) and all(isinstance(word, str) for word in found):
                return found
        return self.rest.split()


def instructions(text: str, file: str) -> Iterator[Instruction]:
    """Every instruction of a Dockerfile; raises `NotAllowed` for one that is too long or cannot be read so."""
    if len(text) > MOST_TEXT or "\0" in text:
        raise NotAllowed(f"{file} is longer than {MOST_TEXT // 1024} KiB or no text", path=file)
    for count, (line, joined) in enumerate(_joined(text, file)):
        word, _, rest = joined.partition(" ") if " " in joined else (joined, "", "")
        found = Instruction(file, line, word.upper(), rest.strip())
        if found.word not in KNOWN:
            found.refuse("is no instruction of a Dockerfile")
        if not found.rest or count >= MOST_INSTRUCTIONS:
            found.refuse("says nothing" if not found.rest else f"is one of more than {MOST_INSTRUCTIONS}")
        yield _with_flags(found) if found.word in {"ADD", "COPY", "FROM", "RUN"} else found


def _joined(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first one, tabs of the separator made spaces."""
    begun, parts, directives = 0, list[str](), True
    for number, line in enumerate(text.lstrip("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        bare = line.strip()
        if bare.startswith("#"):
            if directives and (found := _DIRECTIVE.match(bare)):
                _check_directive(file, number, found[1].lower(), found[2].strip())
            continue
        directives = directives and not bare
        if not bare:
            continue
        begun = begun or number
        if _CONTINUED.search(line):
            parts.append(_CONTINUED.sub(r"\1", line))
            continue
        parts.append(line)
        yield begun, _spaced("".join(parts))
        begun, parts = 0, []
    if parts:
        yield begun, _spaced("".join(parts))


def _check_directive(file: str, line: int, name: str, value: str) -> None:
    if name == "escape" and value != "\\":
        raise NotAllowed(f"{file}, line {line}: only `\\` can be the escape character", path=f"{file}:{line}")


def _spaced(text: str) -> str:
    return re.sub(r"^(\s*\S+)\s+", lambda m: f"{m[1].strip()} ", text, count=1).strip()


def _with_flags(one: Instruction) -> Instruction:
    flags: list[tuple[str, str]] = []
    rest = one.rest
    while found := _FLAG.match(rest):
        flags.append((found[1], found[2] or ""))
        rest = rest[found.end() :]
    return Instruction(one.file, one.line, one.word, rest.strip(), tuple(flags))
