"""The interpreters instances run with: found once, real ones behind any version manager, and reachable.

Python is the monitor's own (it is there, and new enough); the others are the machine's. A missing one is a
`LaunchFailed` of the workspaces that need it, with the package to install, and of nobody else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import sys
import threading
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from monitor.adapters.process_engine import readable, records
from monitor.adapters.process_engine.places import Owner
from monitor.domain.launch import ProjectType
from monitor.ports.engine import LaunchFailed

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
NEEDS: dict[ProjectType, tuple[tuple[tuple[str, ...], str], ...]] = {
    ProjectType.NODE: ((("node", "nodejs"), "nodejs"), (("npm",), "npm")),
    ProjectType.PHP: ((("php",), "php-cli"), (("php-fpm", "php-fpm*"), "php-fpm"), (("nginx",), "nginx")),
    ProjectType.GO: ((("go",), "golang-go"),),
    ProjectType.RUBY: ((("ruby",), "ruby"), (("bundle", "bundler"), "ruby-bundler")),
}
_PRUNED = ("test", "tests", "idlelib", "turtledemo", "site-packages", "dist-packages", "config-*")
_SYSTEM = (Path("/"), Path("/usr"), Path("/bin"), Path("/usr/bin"), Path("/usr/local"), Path("/usr/local/bin"))
_PLACES = ("/usr/local/go/bin", "/opt/homebrew/bin", "/snap/bin")


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter the instances' account can run; `library` is where its shared library is, if that moved."""

    program: Path
    library: Path | None


class Tools:
    """Finds programs on the machine as a fresh shell of the instances' account would have to."""

    # Several workspaces start at once, each in a thread of the pool; what is missing is made by the first. One lock
    # for all: an opening that was cancelled goes on in its thread while the next one begins.
    _making = threading.RLock()

    def __init__(self, folder: Path, owner: Owner) -> None:
        self.folder = folder
        self.owner = owner
        self._python: Python | None = None

    def python(self) -> Python:
        """The monitor's own interpreter outside its virtual environment, with the packages our servers need."""
        with self._making:
            if self._python is None:
                program = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
                own = self._reach(program) and self._reach(Path(sys.prefix))
                self._python = Python(program, None) if own else self._python_copy(program)
            return self._python

    def server(self) -> Path:
        """The interpreter that also finds `aiohttp`, for the static server."""
        python = self.python()
        return python.program if python.library is not None else Path(sys.executable)

    def stamp(self, kind: ProjectType) -> str:
        """Changes when an interpreter of this project type does: part of what dependencies are kept under."""
        try:
            programs = [program.resolve() for program in self.require(kind)]
        except LaunchFailed:
            programs = []
        return " ".join([sys.version, *(f"{path}:{path.stat().st_mtime_ns}" for path in programs)])

    def require(self, kind: ProjectType) -> tuple[Path, ...]:
        """The interpreters of a project type; raises `LaunchFailed` naming what is missing."""
        programs: list[Path] = []
        for names, package in NEEDS.get(kind, ()):
            program = self._find(names)
            if program is None:
                raise LaunchFailed(
                    f"{names[0]} is not installed on this machine, and {kind.value} workspaces need it",
                    hint=f"install it (for example `apt-get install {package}`), or run Slipway with Docker",
                )
            programs.append(program)
        if kind is ProjectType.PYTHON and importlib.util.find_spec("ensurepip") is None:
            raise LaunchFailed(
                "this machine's Python cannot make virtual environments (ensurepip is missing)",
                hint="install it (for example `apt-get install python3-venv`), or run Slipway with Docker",
            )
        return tuple(programs)

    def path(self, kind: ProjectType, app: Path) -> str:
        """PATH inside: the app's own programs, then the interpreters, then the system's."""
        own = (app / ".venv" / "bin", app / "node_modules" / ".bin")
        folders = [program.parent for program in self.require(kind)]
        return os.pathsep.join(dict.fromkeys(map(str, (*own, self._python_names(), *folders, *SYSTEM_PATH))))

    def folders(self, kind: ProjectType) -> tuple[Path, ...]:
        """What must be seen of the disk to run the interpreters of a project type, wherever home is."""
        python = self.python().program
        prefixes = [Path(sys.prefix), python.parent.parent]
        for program in self.require(kind):
            prefixes += [program.parent, program.resolve().parent.parent]
        return tuple(path for path in dict.fromkeys(prefixes) if path not in _SYSTEM and path.is_dir())

    def _find(self, names: tuple[str, ...]) -> Path | None:
        """The first of these programs that can be run, behind shims and outside closed folders."""
        search = [*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_PATH, *_PLACES]
        for folder in dict.fromkeys(part for part in search if part and "shims" not in Path(part).parts):
            for name in names:
                found = shutil.which(name, path=folder) or next(
                    (str(p) for p in sorted(Path(folder).glob(name)) if "*" in name), None
                )
                if found is not None and (usable := self._usable(Path(found))) is not None:
                    return usable
        return None

    def _usable(self, program: Path) -> Path | None:
        if self._reach(program):
            return program
        prefix = program.resolve().parent.parent if program.name == "node" else program.parent.parent
        # Version managers keep a whole Node in one folder; anything else that is closed to us stays closed.
        whole = (prefix / "bin" / "node").is_file() and (prefix / "bin" / program.name).exists()
        return self._copy(prefix) / "bin" / program.name if whole else None

    def _copy(self, prefix: Path) -> Path:
        into = self.folder / f"{prefix.name}-{_named(prefix)}"
        with self._making:
            if not into.is_dir():
                readable.copy_tree(prefix, into)
        return into

    def _python_names(self) -> Path:
        """A folder in which `python3` and `python` are the interpreter, whatever the machine calls so.

        Scripts and not links: a virtual environment made through a link looks for its library beside the link.
        """
        python = self.python()
        folder = self.folder / f"names-{_named(python.program)}"
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
        text = f'#!/bin/sh\nexec {shlex.quote(str(python.program))} "$@"\n'.encode()
        with self._making:
            for script in (folder / "python3", folder / "python"):
                if not script.exists():
                    records.replace(script, text, 0o755)
        return folder

    def _python_copy(self, program: Path) -> Python:
        prefix, version = Path(sys.base_prefix), f"python{sys.version_info[0]}.{sys.version_info[1]}"
        into = self.folder / f"{version}-{_named(prefix)}"
        if not (into / "complete").exists():
            for part in (Path("lib") / version, Path("include") / version):
                (into / part.parent).mkdir(parents=True, exist_ok=True)
                if (prefix / part).is_dir():
                    readable.copy_tree(prefix / part, into / part, _PRUNED)
            _copy_files([program], into / "bin")
            _copy_files(sorted((prefix / "lib").glob("libpython*")), into / "lib")
            _copy_packages("aiohttp", into / "lib" / version / "site-packages")
            _open_folders(into)
            (into / "complete").touch()
        return Python(into / "bin" / program.name, into / "lib")

    def _reach(self, path: Path) -> bool:
        if self.owner.uid is None or self.owner.gid is None:
            return True
        return readable.reachable(path, self.owner.uid, self.owner.gid)


def _copy_files(files: list[Path], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for file in files:
        (into / file.name).unlink(missing_ok=True)
        shutil.copy2(file, into / file.name)
        (into / file.name).chmod(0o755)


def _copy_packages(name: str, into: Path) -> None:
    """Copy a distribution and everything it requires, as installed beside the monitor."""
    into.mkdir(parents=True, exist_ok=True)
    wanted, seen = [name], set()
    while wanted:
        current = wanted.pop()
        try:
            distribution = metadata.distribution(current)
        except metadata.PackageNotFoundError:
            continue
        for file in distribution.files or ():
            if ".." not in file.parts and (origin := Path(str(file.locate()))).is_file():
                (into / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, into / file)
                (into / file).chmod(0o644)
        seen.add(current)
        wanted += [need for line in distribution.requires or () if (need := _required(line)) and need not in seen]


def _required(line: str) -> str:
    """The name in a requirement line, empty where it belongs to an extra (PEP 508)."""
    if "extra ==" in line:
        return ""
    return "".join(character if character.isalnum() or character in "-_." else " " for character in line).split()[0]


def _open_folders(root: Path) -> None:
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)


def _named(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
