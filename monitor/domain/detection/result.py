"""What detection answers: type, commands, version, and the evidence and reason for each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.launch import ProjectType, Source

SURE, LIKELY, GUESS, INCOMPLETE = 90, 70, 40, 10
"""Confidence: a named framework or start command; a plain manifest; a lone file; recognised but without a start."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What a folder holds and how it is run.

    `evidence` are short sentences, strongest first. Commands are as typed in a shell in `root` (the app's folder
    inside the workspace, "" for the workspace itself); `start` listens on `$HOST:$PORT`, None where the runtime
    itself serves (static) or nothing can be run. `tools` is a command that makes `install` and `start` possible
    (a package manager), `install_otherwise` the install to try where the lock file does not fit the manifest;
    `exports` are names and shell words the start needs, which name `$HOST` or `$PORT`. `version` is the pin as the
    project wrote it, `version_from` the file that says so.
    `member` is the folder inside `root` whose app it is, where a monorepo is installed and built as a whole.
    `deps_files` and `data` are paths relative to the workspace. `problems` are sentences about what could not be
    read. `refusal` says why this must not be run although it was recognised; `reason` why this type, or what an
    unknown folder would need. `own` is the compose file or Dockerfile by which the folder says itself how it runs.
    """

    type: ProjectType
    reason: str
    evidence: tuple[str, ...] = ()
    confidence: int = LIKELY
    framework: str | None = None
    version: str | None = None
    version_from: str | None = None
    package_manager: str | None = None
    tools: str | None = None
    install: str | None = None
    install_otherwise: str | None = None
    setup: str | None = None
    build: str | None = None
    start: str | None = None
    port: int | None = None
    output_dir: str | None = None
    base_path: str | None = None
    docroot: str = ""
    spa: bool = False
    root: str = ""
    member: str = ""
    data: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    exports: tuple[tuple[str, str], ...] = ()
    deps_files: tuple[str, ...] = ()
    source: Source = Source.COPY
    restart_on_edit: bool = True
    refusal: str | None = None
    own: str | None = None
    problems: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def runnable(self) -> bool:
        """Whether there is something to start and nothing forbids it."""
        served = self.start is not None or self.type is ProjectType.STATIC
        return served and self.refusal is None and self.type is not ProjectType.UNKNOWN

    def as_json(self) -> dict[str, Any]:
        """The contract's shape of `slipway detect PATH --json`, then further fields; null where it does not apply."""
        return {
            "type": self.type.value,
            "evidence": list(self.evidence),
            "version": self.version,
            "package_manager": self.package_manager,
            "install": self.install,
            "build": self.build,
            "start": self.start,
            "port": self.port,
            "output_dir": self.output_dir,
            "base_path": self.base_path,
            "framework": self.framework,
            "version_from": self.version_from,
            "setup": self.setup,
            "root": self.root,
            "docroot": self.docroot or None,
            "spa": self.spa,
            "data": list(self.data),
            "deps_files": list(self.deps_files),
            "confidence": self.confidence,
            "reason": self.reason,
            "refusal": self.refusal,
            "own": self.own,
            "problems": list(self.problems),
            "alternatives": list(self.alternatives),
        }

    def under(self, folder: str) -> Detection:
        """The same finding for an app that lies in `folder` of the workspace."""
        root = f"{folder}/{self.root}" if self.root else folder
        return replace(
            self,
            root=root,
            own=f"{folder}/{self.own}" if self.own else None,
            evidence=(f"the app is in {folder}/", *self.evidence),
            deps_files=tuple(f"{folder}/{p}" for p in self.deps_files),
            data=tuple(f"{folder}/{p}" for p in self.data),
        )


def quoted(word: str) -> str:
    """A word for evidence: shortened and on one line, so that hostile names stay readable."""
    clean = word.encode("utf-8", "replace").decode()
    short = clean if len(clean) <= 120 else clean[:117] + "..."
    return short if short.isprintable() else json.dumps(short)
