"""Copy a data volume beside it so that it can be kept: SQLite databases as they are between two transactions.

A program of its own (standard library only), run inside a container or sandbox of the engine, never by the monitor:
`python -I -c SOURCE ARGUMENTS` with JSON `volume`, `into`, `answer`, `limit` (bytes), `known` (an earlier answer's
`mark`, or null) and `owner` (who the copy is given to, or null). The answer is written as JSON to `answer`: `state`
(`unchanged`, `copied`, `too-large`), `files`, `bytes`, `mark`, `unstable` (paths that changed while they were read),
`unread` (paths that could not be, with why), `left_out` (paths with why).

A database is copied through SQLite's backup API by a child process that is the file's owner: a `-wal` or `-shm` made
on the way is then the app's own, and what a hostile file may do to SQLite happens to that child alone. Other files
are copied when they were the same before and after; one that never is comes as it is and is named in `unstable`.
"""

import contextlib
import hashlib
import json
import os
import resource
import signal
import sqlite3
import stat
import sys
import time
from pathlib import Path

OWN = ".slipway-data"
MAGIC = b"SQLite format 3\x00"
COMPANIONS = ("-wal", "-shm", "-journal")
MAX_DEPTH = 200
CHUNK = 1 << 20
SLACK = 64 << 20
SETTLE_S, PAUSE_S = 4.0, 0.1
RACY_S, RACY_NS = 0.02, 20_000_000
LOCKED_S, BACKUP_S, BACKUP_MEMORY = 30.0, 300, 2 << 30
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
NOBODY = 65532


class TooLarge(Exception):
    """It holds more than the limit by now."""


class Look:
    """What is in the volume, without reading it: `files`, `links`, `folders` by path, each with its `os.stat`."""

    def __init__(self, top):
        self.top, self.files, self.links, self.folders = top, {}, {}, {}
        self.left_out, self.unread = [], []
        fd = os.open(top, OPEN | os.O_DIRECTORY)
        try:
            self._folder(fd, "", 0)
        finally:
            os.close(fd)
        self.databases = {path for path in self.files if self._is_database(path)}
        for path in [p for p in self.files if self._companion(p)]:
            self.files.pop(path)

    def mark(self):
        """A name for exactly this state; equal marks mean that nothing needs copying."""
        digest = hashlib.sha256()
        for kind, paths in (("file", self.files), ("link", self.links), ("dir", self.folders)):
            for path in sorted(paths):
                digest.update(f"{kind}\0{path}\0{_stamp(paths[path])}\0".encode("utf-8", "surrogateescape"))
                if path in self.databases:
                    digest.update(f"{self.beside(path)}".encode())
        return digest.hexdigest()

    def beside(self, path):
        """Size and time of a database's write-ahead log, where one has something in it."""
        with contextlib.suppress(OSError):
            found = os.lstat(self.path(path + "-wal"))
            return (found.st_size, found.st_mtime_ns) if found.st_size else None

    def path(self, path):
        return os.path.join(self.top, path)

    def _folder(self, fd, path, depth):
        with os.scandir(fd) as found:
            names = sorted(item.name for item in found)
        for name in names:
            below = f"{path}/{name}" if path else name
            if below != OWN:
                try:
                    self._one(fd, name, below, depth)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self.unread.append([below, os.strerror(error.errno or 0)])

    def _one(self, fd, name, path, depth):
        info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISREG(info.st_mode):
            if name.endswith(".pid") or (name.endswith(".lock") and not info.st_size):
                self.left_out.append([path, "it says that something runs, which is true here alone"])
            else:
                self.files[path] = info
        elif stat.S_ISLNK(info.st_mode):
            self.links[path] = info
        elif not stat.S_ISDIR(info.st_mode):
            self.left_out.append([path, "a socket, pipe or device has no content to keep"])
        elif depth >= MAX_DEPTH:
            self.unread.append([path, f"nested deeper than {MAX_DEPTH} folders"])
        else:
            below = os.open(name, OPEN | os.O_DIRECTORY, dir_fd=fd)
            try:
                self.folders[path] = os.fstat(below)
                self._folder(below, path, depth + 1)
            finally:
                os.close(below)

    def _is_database(self, path):
        with contextlib.suppress(OSError), _opened(self.top, path) as file:
            return file.read(len(MAGIC)) == MAGIC
        return False

    def _companion(self, path):
        return any(path.endswith(end) and path[: -len(end)] in self.databases for end in COMPANIONS)


class Copy:
    """One copy under way: what was `unstable` or `unread`, and the `databases` with their hash and time."""

    def __init__(self, look, arguments):
        self.look, self.into, self.owner = look, arguments["into"], arguments["owner"]
        self.known = (arguments["known"] or {}).get("databases", {})
        self.limit = arguments["limit"]
        self.left = min(self.limit, arguments["room"])
        self.unstable, self.unread, self.databases = [], list(look.unread), {}

    def run(self):
        for path in sorted(self.look.folders):
            os.mkdir(self.to(path), 0o711)
        for path in sorted(self.look.files):
            self._file(path)
        for path, info in self.look.links.items():
            with contextlib.suppress(OSError):
                os.symlink(os.readlink(self.look.path(path)), self.to(path))
                self._seal(path, info, info.st_mtime_ns)
        for path in sorted(self.look.folders, reverse=True):
            self._seal(path, self.look.folders[path], self.look.folders[path].st_mtime_ns)

    def to(self, path):
        return os.path.join(self.into, path)

    def _file(self, path):
        try:
            if path in self.look.databases and self._database(path):
                return
            info, settled = self._plain(path)
            self._seal(path, info, info.st_mtime_ns)
        except FileNotFoundError:
            _remove(self.to(path))
            return
        except OSError as error:
            _remove(self.to(path))
            self.unread.append([path, os.strerror(error.errno or 0)])
            return
        if not settled:
            self.unstable.append(path)

    def _plain(self, path):
        """The bytes of a file at rest; after some time as they are."""
        until = time.monotonic() + SETTLE_S
        while True:
            with _opened(self.look.top, path) as file:
                before = os.fstat(file.fileno())
                with open(self.to(path), "wb") as out:
                    copied = self._pour(file, out)
                # A write within the same tick of the clock would leave no trace.
                time.sleep(RACY_S if abs(time.time_ns() - before.st_mtime_ns) < RACY_NS else 0)
                after = os.fstat(file.fileno())
            settled = _stamp(before) == _stamp(after) and os.lstat(self.to(path)).st_size == after.st_size
            if settled or time.monotonic() > until:
                self.left -= copied
                return after, settled
            time.sleep(PAUSE_S)

    def _pour(self, file, out):
        """How many bytes it was: the app may have written without end since its volume was measured."""
        copied = 0
        while data := file.read(CHUNK):
            copied += len(data)
            if copied > self.left:
                raise TooLarge
            out.write(data)
        return copied

    def _database(self, path):
        """Through the backup API; False where SQLite cannot read it: then it is a file like any other."""
        info = self.look.files[path]
        wal = self.look.beside(path)
        out = self.to(path)
        with open(out, "xb") as made:
            if os.geteuid() == 0:
                os.fchown(made.fileno(), info.st_uid or NOBODY, info.st_gid or NOBODY)
        if not _in_child(info, lambda: _back_up(self.look.path(path), out), self.left):
            _remove(out)
            if os.path.exists(self.look.path(path) + "-wal"):
                self.unstable.append(path)
            return False
        self.left -= os.lstat(out).st_size
        sha256, time_ns = _hash(out), max(info.st_mtime_ns, wal[1] if wal else 0)
        before = self.known.get(path)
        # The same content has the same time: SQLite touches a database it only tidies up.
        if before and before[0] == sha256:
            time_ns = before[1]
        self.databases[path] = [sha256, time_ns]
        self._seal(path, info, time_ns)
        return True

    def _seal(self, path, info, time_ns):
        to, link = self.to(path), stat.S_ISLNK(info.st_mode)
        if self.owner and os.geteuid() == 0:
            os.chown(to, *self.owner, follow_symlinks=False)
        os.utime(to, ns=(time_ns, time_ns), follow_symlinks=False)
        if not link:
            # The copy may be root's on the host: what an app made must not run as that.
            kept = 0o3777 if stat.S_ISDIR(info.st_mode) else 0o1777
            os.chmod(to, info.st_mode & kept)


def _back_up(source, out):
    """In the child: again for a while where somebody holds a lock that SQLite does not wait for by itself."""
    until = time.monotonic() + LOCKED_S
    while True:
        try:
            return _back_up_once(source, out)
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
        os.truncate(out, 0)
        time.sleep(PAUSE_S)


def _back_up_once(source, out):
    """One read transaction of the source, into an empty file."""
    read = sqlite3.connect(f"file:{_quoted(source)}?mode=rw", uri=True, timeout=30)
    write = sqlite3.connect(f"file:{_quoted(out)}?mode=rw", uri=True, isolation_level=None)
    write.execute("pragma journal_mode=off")
    write.execute("pragma synchronous=off")
    read.backup(write, pages=-1, sleep=0.02)
    write.close()
    read.close()


def _quoted(path):
    return "".join(
        chr(b) if (b < 128 and chr(b).isalnum()) or chr(b) in "/._-" else f"%{b:02x}" for b in os.fsencode(path)
    )


def _in_child(info, work, limit):
    """Run `work` as the file's owner, bounded in time, memory and size; whether it came to its end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    code = 1
    try:
        if os.geteuid() == 0:
            uid, gid = info.st_uid or NOBODY, info.st_gid or NOBODY
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (BACKUP_MEMORY, BACKUP_MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        signal.alarm(BACKUP_S)
        work()
        code = 0
    except (sqlite3.Error, OSError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(code)


@contextlib.contextmanager
def _opened(top, path):
    """A regular file for reading, no link followed on the way to it."""
    *above, name = path.split("/")
    fd = os.open(top, OPEN | os.O_DIRECTORY)
    try:
        for part in above:
            below = os.open(part, OPEN | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        file = os.open(name, OPEN, dir_fd=fd)
    finally:
        os.close(fd)
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise FileNotFoundError(path)
        yield opened


def _stamp(info):
    return (info.st_mode, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


def _hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _room(into, size):
    """How much may be written. A file with holes takes little in the volume and all of its size in a copy."""
    found = os.statvfs(into)
    room = found.f_bavail * found.f_frsize - SLACK
    if size > room:
        raise SystemExit(f"there is not enough room: {size} bytes are to be copied, {max(0, room)} may be written")
    return room


def main(arguments):
    """Returns the answer."""
    look = Look(arguments["volume"])
    mark, known = look.mark(), arguments["known"] or {}
    size = sum(info.st_size for info in look.files.values())
    answer = {
        "files": len(look.files),
        "bytes": size,
        "unstable": [],
        "unread": look.unread,
        "left_out": look.left_out,
    }
    if known.get("digest") == mark:
        return {**answer, "state": "unchanged", "mark": known}
    if size > arguments["limit"]:
        return {**answer, "state": "too-large", "mark": None}
    room = _room(arguments["into"], size)
    copy = Copy(look, {**arguments, "room": room})
    try:
        copy.run()
    except TooLarge:
        return {**answer, "state": "too-large", "bytes": max(size, arguments["limit"] + 1), "mark": None}
    done = {"digest": "" if copy.unstable else mark, "databases": copy.databases}
    return {**answer, "state": "copied", "mark": done, "unstable": sorted(set(copy.unstable)), "unread": copy.unread}


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    text = json.dumps(main(asked))
    Path(asked["answer"]).write_text(text, "ascii")
