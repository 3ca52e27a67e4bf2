"""Replace all that a data volume holds, so that a kill at any moment leaves the old content or the new, never half.

A program of its own (standard library only), run inside a container or sandbox of the engine, never by the monitor:
`python -I -c SOURCE ARGUMENTS` with JSON `volume`, `from` (a folder, or null: only finish what an earlier run began),
`owner` (`[uid, gid]` of everything, or null) and `answer`, the file the outcome is written to as JSON.

The new content is first written to `.slipway-data/new` in the volume itself. Then `commit` is written: from there
on it is completed, by this run or a later one; before it, undone. What was there moves to `old`; `moved` says that
all of it did; then the new content moves up. Nothing but renames lies between the two states.
"""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import sys
from pathlib import Path

OWN, COMMIT, MOVED = ".slipway-data", "commit", "moved"
CHUNK = 1 << 20
SLACK = 8 << 20
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def step(_name):
    """Nothing; a test crashes here."""


class Replacing:
    """One volume; the instance that uses it does not run."""

    def __init__(self, volume, owner):
        self.volume, self.own, self.owner = Path(volume), Path(volume, OWN), owner
        self.folders = []

    def recover(self):
        """Complete or undo what an earlier run began; which of them, or "nothing"."""
        if not os.path.lexists(self.own):
            return "nothing"
        if not stat.S_ISDIR(os.lstat(self.own).st_mode):
            self.own.unlink()
            return "nothing"
        if not (self.own / COMMIT).is_file():
            _clear(self.own)
            return "undone"
        self._complete()
        return "completed"

    def stage(self, source):
        """Write all of `source` beside what is there, and make it durable."""
        self.own.mkdir(mode=0o700)
        new = self.own / "new"
        new.mkdir(mode=0o700)
        self._room(source)
        self._copy(source, new, "")
        os.sync()
        step("staged")
        self._note(COMMIT, self.folders)
        step("committed")

    def _complete(self):
        if not (self.own / MOVED).exists():
            old = self.own / "old"
            old.mkdir(mode=0o700, exist_ok=True)
            for name in self._names(self.volume):
                if name != OWN:
                    self._move(self.volume / name, old / name)
            os.sync()
            self._note(MOVED, [])
        new = self.own / "new"
        for name in self._names(new):
            self._move(new / name, self.volume / name)
        for path, mode, time_ns in json.loads((self.own / COMMIT).read_text("ascii")):
            folder = self.volume / path
            # The volume is its app's to write, the note too: nothing outside of it is touched.
            if os.path.isabs(path) or os.path.realpath(folder) != os.path.join(os.path.realpath(self.volume), path):
                continue
            with contextlib.suppress(FileNotFoundError):
                folder.chmod(mode)
                os.utime(folder, ns=(time_ns, time_ns))
        os.sync()
        step("placed")
        _clear(self.own)
        step("cleared")

    def _names(self, folder):
        return sorted(item.name for item in os.scandir(folder)) if folder.is_dir() else []

    def _move(self, old, new):
        info = os.lstat(old)
        if stat.S_ISDIR(info.st_mode) and not info.st_mode & stat.S_IWUSR:
            # A folder that changes its parent must be writable itself.
            with contextlib.suppress(PermissionError):
                os.chmod(old, stat.S_IMODE(info.st_mode) | stat.S_IWUSR)
        os.rename(old, new)
        step("moved")

    def _copy(self, source, into, path):
        for item in sorted(os.scandir(source), key=lambda item: os.fsencode(item.name)):
            below, to = f"{path}/{item.name}" if path else item.name, into / item.name
            info = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                to.mkdir(mode=0o700)
                self._give(to)
                self._copy(item.path, to, below)
                # Its own mode comes at the very end: it may keep us from moving it.
                self.folders.insert(0, [below, stat.S_IMODE(info.st_mode), info.st_mtime_ns])
            elif stat.S_ISLNK(info.st_mode):
                os.symlink(os.readlink(item.path), to)
                self._give(to)
                os.utime(to, ns=(info.st_mtime_ns, info.st_mtime_ns), follow_symlinks=False)
            elif stat.S_ISREG(info.st_mode):
                self._file(item.path, to)
            step("written")

    def _file(self, source, to):
        with os.fdopen(os.open(source, READ), "rb") as file, os.fdopen(os.open(to, NEW, 0o600), "wb") as out:
            info = os.fstat(file.fileno())
            shutil.copyfileobj(file, out, CHUNK)
        self._give(to)
        os.utime(to, ns=(info.st_mtime_ns, info.st_mtime_ns), follow_symlinks=False)
        os.chmod(to, stat.S_IMODE(info.st_mode))

    def _give(self, path):
        if self.owner and os.geteuid() == 0:
            os.chown(path, *self.owner, follow_symlinks=False)

    def _room(self, source):
        needed = sum(
            os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(source) for name in names
        )
        found = os.statvfs(self.volume)
        free = found.f_bavail * found.f_frsize
        if needed + SLACK > free:
            raise SystemExit(f"there is not enough room: {needed} bytes are to be written, {free} are free")

    def _note(self, name, value):
        """A file that is there whole or not at all, on disk when this returns."""
        part = self.own / f"{name}.part"
        with part.open("w", encoding="ascii") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.own / name)
        fd = os.open(self.own, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(fd)
        os.close(fd)


def _clear(own):
    """The notes go last but one: until then it is completed again, and nothing is lost by that."""
    for name in ("old", "new"):
        shutil.rmtree(own / name, onerror=_again)
    for name in (f"{MOVED}.part", f"{COMMIT}.part", COMMIT, MOVED):
        with contextlib.suppress(FileNotFoundError):
            (own / name).unlink()
        step("unnoted")
    shutil.rmtree(own, onerror=_again)


def _again(function, path, _error):
    """A folder without rights hides what is in it: give rights, then once more; what is gone is gone."""
    with contextlib.suppress(FileNotFoundError):
        for folder in (os.path.dirname(path), path):
            if os.path.isdir(folder) and not os.path.islink(folder):
                os.chmod(folder, 0o700)
        if function in (os.rmdir, os.unlink):
            function(path)
        elif os.path.isdir(path):
            shutil.rmtree(path)


def main(arguments):
    """Returns what became of an earlier run and of this one."""
    # One that a killed monitor left running is waited for: two at once would take each other's files for old ones.
    alone = os.open(arguments["volume"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(alone, fcntl.LOCK_EX)
    replacing = Replacing(arguments["volume"], arguments["owner"])
    earlier = replacing.recover()
    if arguments["from"] is None:
        return {"earlier": earlier}
    try:
        replacing.stage(arguments["from"])
    except BaseException:
        replacing.recover()
        raise
    replacing.recover()
    return {"earlier": earlier, "replaced": True}


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    os.umask(0o022)
    text = json.dumps(main(asked))
    Path(asked["answer"]).write_text(text, "ascii")
