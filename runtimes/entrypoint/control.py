"""How a second call (`docker exec … sync`) speaks to the running entrypoint: one line each way on a unix socket.

The socket lies in a private folder (0700, ours) in the instance's own TMPDIR. It is reached through the
folder's descriptor, because a path may be longer than a socket address can be.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator

from places import Failed, Places, say

_PATIENCE_S = 5.0
Answer = Callable[[str], "dict[str, object]"]


class Answering:
    """The listening side: each call in a thread of its own, answered in full before the process ends."""

    def __init__(self, listener: socket.socket, answer: Answer) -> None:
        self._listener = listener
        self._answer = answer
        self._calls: set[threading.Thread] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def finish(self) -> None:
        """Let calls that are being answered get their answer, for a moment."""
        deadline = time.monotonic() + 1
        for call in list(self._calls):
            call.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            call = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._calls.add(call)
            call.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rwb") as stream:
                verb = stream.readline(100).decode("ascii", "replace").strip()
                stream.write(json.dumps(self._answer(verb)).encode() + b"\n")
        except OSError as error:
            say(f"could not answer: {error}")
        finally:
            self._calls.discard(threading.current_thread())


def listen(places: Places, answer: Answer) -> Answering:
    """Listen for calls. Raises `Failed` where the folder is not ours alone."""
    folder, name = os.path.split(places.socket)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    info = os.lstat(folder)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise Failed(f"{folder} belongs to somebody else")
    os.chmod(folder, 0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _reached(folder, name) as address:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)
        listener.bind(address)
        os.chmod(address, 0o600)
    listener.listen(16)
    return Answering(listener, answer)


def ask(places: Places, verb: str) -> int:
    """Print the running entrypoint's one-line answer; 0 when it is well."""
    try:
        line = _call(places, verb)
    except OSError as error:
        line = b""
        reason = f"no entrypoint is running here: {error.strerror}"
    else:
        reason = "the instance ended meanwhile"
    answer = json.loads(line) if line else _nothing(verb, reason)
    print(json.dumps(answer), flush=True)
    return 0 if answer.get("ok", bool(line)) else 1


def _nothing(verb: str, reason: str) -> dict[str, object]:
    if verb == "sync":
        return {"ok": False, "digest": "", "reason": reason, "log": []}
    return {"digest": "", "child_pid": None, "ready": False, "listening": [], "written": [], "reason": reason}


def _call(places: Places, verb: str) -> bytes:
    """One line there, one back (empty if it ended); waits a moment for an entrypoint that is only starting."""
    folder, name = os.path.split(places.socket)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        calling = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _reached(folder, name) as address:
                calling.connect(address)
            break
        except (FileNotFoundError, ConnectionRefusedError):
            calling.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    with calling, calling.makefile("rwb") as stream:
        stream.write(f"{verb}\n".encode())
        stream.flush()
        try:
            return stream.readline()
        except ConnectionResetError:
            return b""


@contextlib.contextmanager
def _reached(folder: str, name: str) -> Iterator[str]:
    at = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{at}/{name}"
    finally:
        os.close(at)
