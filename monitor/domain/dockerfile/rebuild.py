"""A Dockerfile written anew so that its build is safe here: known instructions and images, nothing fetched by Docker.

Builds run without BuildKit, because only so do they run on the workspace's own network and under limits. What
BuildKit adds is translated where its meaning can be kept (mounts, `--link`, `--chmod`) and refused where not. Docker
itself must never fetch a URL for a build: it would do so from the host, where loopback services answer it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from monitor.domain.compose_policy.interpolation import Interpolation, Unreadable
from monitor.domain.compose_policy.reader import NotAllowed
from monitor.domain.compose_policy.words import image_problem
from monitor.domain.dockerfile.lines import Instruction, instructions
from monitor.domain.dockerfile.mounts import copies
from monitor.domain.labels import OURS

STAGE = "# slipway: a stage begins"
"""A line after each `FROM`, where the engine puts what every stage of its builds must say."""
SCRATCH = "scratch"
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_PLAIN = re.compile(r"[A-Za-z0-9._/*?@+-]+")
_PORT = re.compile(r"(\d{1,5})(?:-\d{1,5})?(?:/tcp)?", re.IGNORECASE)
_MODE = re.compile(r"[0-7]{3,4}|[ugoa]*[+=-][rwxX]+")
_HEREDOC = re.compile(r"(^|\s)<<-?[\"']?[A-Za-z_]")
_OUR_LABEL = re.compile(rf"(^|\s)[\"']?({'|'.join(re.escape(prefix) for prefix in (*OURS, 'com.docker.'))})", re.I)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """`text` is what is built, `bases` the images it needs, `port` the first TCP port its result exposes."""

    text: str
    bases: tuple[str, ...]
    port: int | None = None


@dataclass(slots=True)
class _Stage:
    name: str = ""
    port: int | None = None
    root: bool = True


@dataclass(slots=True)
class _Rebuilding:
    """The state while reading: stages so far, and the arguments given before the first of them."""

    args: Mapping[str, str]
    said: dict[str, str] = field(default_factory=dict)
    stages: list[_Stage] = field(default_factory=list)
    bases: dict[str, None] = field(default_factory=dict)

    def lines(self, one: Instruction) -> Iterator[str]:
        if one.word == "FROM":
            yield from self._from(one)
        elif not self.stages:
            yield from self._before(one)
        else:
            yield from getattr(self, f"_{one.word.lower()}", self._kept)(one)

    def _before(self, one: Instruction) -> Iterator[str]:
        if one.word != "ARG":
            one.refuse("stands before the first FROM")
        for word in one.rest.split():
            name, equals, default = word.partition("=")
            if equals or name in self.args:
                self.said[name] = self.args.get(name, _expanded(one, default.strip("\"'"), self.said))
        yield from self._arg(one)

    def _arg(self, one: Instruction) -> Iterator[str]:
        """One argument a line: several are BuildKit's own."""
        words = one.rest.split()
        several = len(words) > 1 and all(re.fullmatch(r"\w+(=[^\s\"'\\]*)?", word) for word in words)
        yield from (f"ARG {word}" for word in (words if several else [one.rest]))

    def _from(self, one: Instruction) -> Iterator[str]:
        words = one.rest.split()
        if len(words) not in {1, 3} or (len(words) == 3 and words[1].upper() != "AS"):
            one.refuse("must be `FROM image` or `FROM image AS stage`")
        name = words[2].lower() if len(words) == 3 else ""
        if name and not _STAGE_NAME.fullmatch(name):
            one.refuse("names its stage with odd characters")
        image = _expanded(one, words[0].strip("\"'"), self.said)
        before = self._stage(image)
        if before is None and image != SCRATCH:
            self._base(one, image)
        self.stages.append(_Stage(name, before.port, before.root) if before else _Stage(name))
        yield f"FROM {image.lower() if before else image}{f' AS {name}' if name else ''}"
        yield STAGE

    def _run(self, one: Instruction) -> Iterator[str]:
        _no_heredoc(one)
        for name, value in one.flags:
            if name == "mount":
                for line in copies(one, value):
                    yield from self.lines(replace(next(instructions(line, one.file)), line=one.line))
            elif (name, value) not in {("network", "default"), ("network", "none"), ("security", "sandbox")}:
                one.refuse(f"--{name}={value[:40]} is not given to builds here")
        yield f"RUN {one.rest}"

    def _copy(self, one: Instruction) -> Iterator[str]:
        _no_heredoc(one)
        flags, mode = "", ""
        for name, value in one.flags:
            if name == "from":
                flags += f" --from={self._origin(one, value)}"
            elif name == "chown":
                flags += f" --chown={value}"
            elif name == "chmod":
                mode = value
            elif name != "link":
                one.refuse(f"--{name} is not known here")
        yield f"{one.word}{flags} {json.dumps(one.words) if one.word == 'ADD' else one.rest}"
        if mode:
            yield f"RUN {json.dumps(['chmod', '-R', *self._modes(one, mode)])}"

    def _add(self, one: Instruction) -> Iterator[str]:
        """Sources are plain names: nothing in them could become a URL, also not once variables are filled in."""
        if any(not _PLAIN.fullmatch(source) for source in one.words[:-1]) or len(one.words) < 2:
            one.refuse(
                "may only name files of the context",
                "Docker would fetch a URL from the host's own network; fetch it in a RUN",
            )
        yield from self._copy(one)

    def _onbuild(self, one: Instruction) -> Iterator[str]:
        one.refuse("is not allowed: nothing is built from this image")

    def _label(self, one: Instruction) -> Iterator[str]:
        if found := _OUR_LABEL.search(one.rest):
            one.refuse(f"sets a label `{found[2]}…`: routes and Docker's own labels are set by Slipway")
        yield f"LABEL {one.rest}"

    def _expose(self, one: Instruction) -> Iterator[str]:
        stage = self.stages[-1]
        found = [match for word in one.rest.split() if (match := _PORT.fullmatch(word))]
        if stage.port is None and found and 0 < int(found[0][1]) < 65536:
            stage.port = int(found[0][1])
        yield f"EXPOSE {one.rest}"

    def _user(self, one: Instruction) -> Iterator[str]:
        self.stages[-1].root = one.rest.partition(":")[0] in {"root", "0"}
        yield f"USER {one.rest}"

    def _kept(self, one: Instruction) -> Iterator[str]:
        _no_heredoc(one)
        yield f"{one.word} {one.rest}"

    def _modes(self, one: Instruction, mode: str) -> list[str]:
        """The words of the `chmod` that stands for `--chmod`."""
        *sources, target = one.words
        if not _MODE.fullmatch(mode) or not self.stages[-1].root or any(char in one.rest for char in "*?$"):
            one.refuse("--chmod is not known here", "set the files' modes in the folder, or with a RUN")
        if len(sources) == 1 and not target.endswith("/"):
            return [mode, target]
        return [mode, *(f"{target.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}" for source in sources)]

    def _origin(self, one: Instruction, name: str) -> str:
        if name.isascii() and name.isdigit() and int(name) < len(self.stages) - 1:
            return name
        if self._stage(name) is None:
            self._base(one, name)
        return name

    def _base(self, one: Instruction, image: str) -> None:
        if problem := image_problem(image):
            one.refuse(f"{image[:80]!r} {problem}")
        self.bases[image] = None

    def _stage(self, name: str) -> _Stage | None:
        return next((stage for stage in reversed(self.stages) if stage.name and stage.name == name.lower()), None)


def rebuild_dockerfile(text: str, file: str, args: Mapping[str, str], target: str = "") -> Dockerfile:
    """What is built in place of a user's Dockerfile at `file`; `args` are the build's arguments, `target` its stage.

    Raises `NotAllowed` with the line of what cannot be built here.
    """
    work = _Rebuilding(args)
    lines = [line for one in instructions(text, file) for line in work.lines(one)]
    if not work.stages:
        raise NotAllowed(f"{file} has no FROM", path=file)
    last = work._stage(target) if target else work.stages[-1]
    if last is None:
        raise NotAllowed(f"{file} has no stage {target!r}", path=file)
    return Dockerfile("\n".join(lines) + "\n", tuple(work.bases), last.port)


def _expanded(one: Instruction, text: str, values: Mapping[str, str]) -> str:
    try:
        return Interpolation(values).text(text)
    except Unreadable as error:
        one.refuse(f"cannot be filled in: {error}")


def _no_heredoc(one: Instruction) -> None:
    if _HEREDOC.search(one.rest) and one.word in {"RUN", "COPY", "ADD"}:
        one.refuse("has a here-document, which is not known here", "put the lines into a file of their own")
