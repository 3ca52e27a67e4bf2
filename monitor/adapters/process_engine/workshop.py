"""Everything an instance is put together from, ready to be wrapped and started. Blocking."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.adapters import loopback
from monitor.adapters.process_engine import mirror, readable, records, sandbox
from monitor.adapters.process_engine.places import Owner, Places
from monitor.adapters.process_engine.sandbox import Rooms, Sandbox
from monitor.adapters.process_engine.shipped import Shipped
from monitor.adapters.process_engine.slots import Slots
from monitor.adapters.process_engine.tools import Tools
from monitor.adapters.process_engine.versions import Versions
from monitor.domain.launch import NOBODY, LaunchSpec, ProjectType, Source
from monitor.ports.engine import Launch, LaunchFailed


@dataclass(frozen=True, slots=True)
class Config:
    """What the engine is told.

    `hidden` are folders no instance sees where bubblewrap works (the workspaces root); `install_env` is added to the
    environment of installs alone (proxies); `base` overrides where working copies and volumes are; `bubblewrap`
    says whether to try it at all.
    """

    data: Path
    install_id: str
    runtimes: Path
    extra_ca: Path | None = None
    hidden: tuple[Path, ...] = ()
    install_env: Mapping[str, str] = field(default_factory=dict)
    base: Path | None = None
    bubblewrap: bool = True


class Workshop:
    """Places, tools, sandbox and app folders of one install, and how they make one command."""

    def __init__(self, config: Config) -> None:
        self.config = config
        root = os.geteuid() == 0
        self.owner = Owner(*NOBODY) if root else Owner(None, None)
        self.places = Places(config.data, config.install_id, self.owner, config.base)
        self.shipped = Shipped(config.runtimes, self.places.shipped)
        self.tools = Tools(self.places.tools, self.owner)
        self.versions = Versions(self.tools)
        self.slots = Slots(self.places)
        self.sandbox = Sandbox(
            self.shipped.launcher, self.tools.python(), self.owner, self._programs(), config.bubblewrap
        )
        self.ca = self._certificates()
        self._chosen: set[int] = set()

    def marker(self, workspace: str, what: int | str) -> str:
        """The value of `SLIPWAY_INSTANCE` in everything an instance (or an install) started."""
        return f"{self.config.install_id}/{workspace}/{what}"

    def source(self, workspace: str, launch: Launch) -> Path:
        """The source, or a readable copy of it where the instances' account cannot enter it."""
        uid, gid = self.owner.uid, self.owner.gid
        if uid is None or gid is None or readable.reachable(launch.source, uid, gid):
            return launch.source
        copy = self.places.workspace(workspace) / "source"
        mirror.refresh(launch.source, launch.files, copy)
        return copy

    def told(self, folder: Path, launch: Launch, files: tuple[str, ...] | None = None) -> None:
        """Write the control folder: the list of files, then the digest that names it."""
        listed = b"".join(os.fsencode(path) + b"\0" for path in (launch.files if files is None else files))
        records.replace(folder / "control" / "files", listed, 0o644)
        records.replace(folder / "control" / "digest", os.fsencode(launch.digest), 0o644)

    def environment(
        self, spec: LaunchSpec, folder: Path, slot: Path, source: Path, extra: Mapping[str, str]
    ) -> dict[str, str]:
        """The environment of the entrypoint, as runtimes/README.md names it."""
        places = {
            "SLIPWAY_SOURCE": str(source),
            "SLIPWAY_APP": str(slot),
            "SLIPWAY_DATA_DIR": str(self.places.volume(spec.workspace)),
            "SLIPWAY_CONTROL": str(folder / "control"),
            "SLIPWAY_CACHE": str(self.places.workspace(spec.workspace) / "cache"),
            "SLIPWAY_PYTHON": str(self.tools.server()),
            **extra,
        }
        path = self.tools.path(spec.type, slot)
        return sandbox.environment(spec, self.tools.python(), path, folder / "tmp", self.ca, places)

    def commands(self, spec: LaunchSpec, source: Path) -> dict[str, str]:
        """What the entrypoint's `run` is asked to do."""
        start = self._static(spec, source) if spec.type is ProjectType.STATIC else spec.start
        return {
            "SLIPWAY_SETUP": spec.setup or "",
            "SLIPWAY_BUILD": spec.build or "",
            "SLIPWAY_START": start,
            "SLIPWAY_SOURCE_MODE": spec.source.value,
            "SLIPWAY_RESTART": "1" if spec.restart_on_edit else "0",
            "SLIPWAY_DOTENV": "\n".join(spec.dotenv),
            "SLIPWAY_DATA_PATHS": "\n".join(spec.data),
            "SLIPWAY_DOCROOT": spec.docroot,
            "SLIPWAY_SPA": "1" if spec.spa else "0",
        }

    def command(self, verb: str, spec: LaunchSpec, folder: Path, slot: Path, source: Path) -> list[str]:
        """The entrypoint with a verb, in its sandbox."""
        workspace = self.places.workspace(spec.workspace)
        rooms = Rooms(
            app=slot,
            tmp=folder / "tmp",
            readonly=(
                source,
                folder / "control",
                *self.tools.folders(spec.type),
            ),
            writable=(slot, folder / "tmp", self.places.volume(spec.workspace), workspace / "cache"),
            hidden=(self.config.data, self.places.base, _home(), *self.config.hidden),
        )
        return self.sandbox.wrap(self.entrypoint(verb), rooms, spec.limits)

    def entrypoint(self, verb: str) -> list[str]:
        return [str(self.tools.python().program), "-I", "-S", str(self.shipped.entrypoint), verb]

    def make_shared(self, workspace: str) -> None:
        """The folders of a workspace that outlive an instance."""
        self.places.make_own(self.places.workspace(workspace) / "cache")
        self.places.make_own(self.places.volume(workspace))

    def refuse_unable(self, spec: LaunchSpec) -> None:
        """Raise `LaunchFailed` for what this engine or this machine cannot run."""
        if spec.stack is not None:
            raise LaunchFailed(
                "a workspace with its own compose file or Dockerfile needs Docker",
                hint="start a Docker daemon and set SLIPWAY_ENGINE=docker",
            )
        if spec.type is ProjectType.STATIC and not self.shipped.static_server.exists():
            raise LaunchFailed("the static server is missing from this installation", hint="install Slipway again")
        self.tools.require(spec.type)

    def free_port(self) -> int:
        """A loopback port nobody listens on and no instance was given."""
        given = {record.port for path in records.folders(self.places.process) if (record := records.read(path))}
        for port in self._chosen - given:
            loopback.release(port)
        port = loopback.choose(given)
        self._chosen = {port} | (self._chosen & given)
        return port

    def _programs(self) -> tuple[Path, ...]:
        """Our own programs, and the interpreter they run with, wherever it lives."""
        return (self.shipped.folder, self.places.tools, *self.tools.folders(ProjectType.STATIC))

    def _static(self, spec: LaunchSpec, source: Path) -> str:
        argv = [str(self.tools.server()), "-I", str(self.shipped.static_server), str(source), spec.docroot]
        return f"exec {shlex.join(argv)}"

    def _certificates(self) -> Path | None:
        if self.config.extra_ca is None:
            return None
        copy = self.shipped.folder / "ca.pem"
        shutil.copyfile(self.config.extra_ca, copy)
        copy.chmod(0o644)
        return copy


def direct(spec: LaunchSpec) -> bool:
    """Whether the instance reads its source in place."""
    return spec.source is Source.DIRECT


def _home() -> Path:
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return Path("/root")
