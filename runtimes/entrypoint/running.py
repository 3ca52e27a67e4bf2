"""One instance's life: copy, link, set up, build, serve; then edits, one after the other, until it ends."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from dataclasses import dataclass, field

import control
import data
import listing
from copying import WorkingCopy
from listening import sockets_of
from places import READY_MARK, Failed, Places, say
from processes import Group, passed_through
from server import Server
from state import State
from waking import changes

_TELL_S, _LOOK_S = 2.0, 0.5


@dataclass
class Applied:
    """What came of an edit; the shape `sync` answers with."""

    ok: bool
    digest: str
    reason: str = ""
    log: list[str] = field(default_factory=list)


@dataclass
class Early:
    """What came of an edit nobody asked for yet."""

    of: str
    came: Applied


class Runner:
    """The running entrypoint. `_work` is held by whoever copies, builds or replaces the server, `_beginning` while a
    process is begun: once we are ending, none is.

    `_between` means the working copy is neither the old state nor the new one, as after a failed build: going
    back is then an edit like any other.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self._work = threading.Lock()
        self._beginning = threading.Lock()
        self._ends: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._between = False
        self._early: Early | None = None
        self._told = threading.Event()
        self._told.set()
        self._tool: Group | None = None
        self._server: Server | None = None
        self._state = State(places.app, time.time_ns())
        self._copy = WorkingCopy(places.source, places.app, places.data_paths)

    def run(self) -> int:
        """Serve until the server or someone else ends it; the exit code to leave with."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_end)
        self._unmark()
        self.places.make_home()
        answering = control.listen(self.places, self._answer)
        threading.Thread(target=self._first_start, daemon=True).start()
        code = self._end()
        if not self._ending.is_set():
            # An edit that ended the server is told to whoever is about to ask what came of it.
            self._told.wait(_TELL_S)
        self._ending.set()
        self._unmark()
        code = self._stop_all(code)
        with contextlib.suppress(OSError):
            os.unlink(self.places.socket)
        answering.finish()
        return code

    def _end(self) -> int:
        """Wait for the first reason to end. A signal just before the wait does not interrupt it: look again."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._ends.get(timeout=_LOOK_S)

    def once(self) -> int:
        """Make the working copy, set up, and run the start command alone, which serves nobody: its exit code."""
        self.places.make_home()
        self._bring_up_to_date(listing.digest(self.places), link_data=True)
        self._must_succeed("setup", self.places.setup)
        group = Group(self.places.start, self.places.app, self.places.for_tools())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: group.end())
        return group.wait()

    def _asked_to_end(self, number: int, _frame: object) -> None:
        self._ending.set()
        self._ends.put(128 + number)

    def _stop_all(self, code: int) -> int:
        with self._beginning:
            groups = (self._tool, self._server.group if self._server else None)
        for group in groups:
            if group is not None:
                was_running = group.alive()
                group.end()
                if was_running and self._server is not None and group is self._server.group:
                    code = group.wait()
        return code

    def _first_start(self) -> None:
        try:
            with self._work:
                digest = listing.digest(self.places)
                if not self.places.direct:
                    self._bring_up_to_date(digest, link_data=True)
                    for name, command in (("setup", self.places.setup), ("build", self.places.build)):
                        self._must_succeed(name, command)
                self._state.digest = digest
                if not self.places.direct:
                    self._state.save(self._state.files, digest)
                self._serve()
            threading.Thread(target=self._take_up_edits, daemon=True).start()
        except Failed as error:
            say(str(error))
            self._ends.put(error.code)
        except Exception as error:  # noqa: BLE001 - the thread's last word must end the process
            say(f"cannot start: {error!r}")
            self._ends.put(1)

    def _bring_up_to_date(self, digest: str, link_data: bool = False) -> bool:
        """The working copy becomes what the list says; killed midway, the next time goes on. True if it changed."""
        earlier, wanted = self._state.files, listing.wanted(self.places)
        self._state.save(sorted({*earlier, *wanted}), self._state.digest)
        changed = self._copy.update(earlier, wanted)
        if link_data:
            data.link(self.places)
        self._state.save(wanted, self._state.digest)
        return changed

    def _must_succeed(self, name: str, command: str) -> None:
        code, _ = self._tool_run(name, command)
        if code:
            raise Failed(f"{name} failed with exit code {code}: {command}", code)

    def _tool_run(self, name: str, command: str) -> tuple[int, list[str]]:
        """Run a build command in the app folder: its exit code and the end of what it printed."""
        if not command:
            return 0, []
        started = time.time_ns()
        with self._beginning:
            if self._ending.is_set():
                return 0, []
            say(f"{name}: {command}")
            self._tool = Group(command, self.places.app, self.places.for_tools(), pipe=True)
        log = passed_through(self._tool)
        code = self._tool.wait()
        self._tool = None
        self._state.built(started, time.time_ns())
        return code, log

    def _serve(self) -> Server:
        """Start the server, unless we are ending; its end, if we did not ask for it, is ours."""
        if not self.places.start:
            raise Failed("nothing to start: SLIPWAY_START is empty", 2)
        with self._beginning:
            if self._ending.is_set():
                raise Failed("ending", 143)
            self._server = Server(self.places, self._mark, self._ends.put)
            return self._server

    def _mark(self, server: Server) -> None:
        if server is self._server and not server.group.ending:
            part = os.path.join(self.places.app, f"{READY_MARK}.part")
            with open(part, "w", encoding="ascii") as file:
                file.write(f"{self._state.digest}\n")
            os.replace(part, os.path.join(self.places.app, READY_MARK))

    def _unmark(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self.places.app, READY_MARK))

    def _answer(self, verb: str) -> dict[str, object]:
        if verb == "status":
            return self._status()
        with self._work:
            early, self._early = self._early, None
            taken = early is not None and early.of == listing.digest(self.places)
            came = early.came if early and taken else self._apply()
            self._told.set()
            return vars(came)

    def _take_up_edits(self) -> None:
        """Begin with an edit before somebody asks for it; the first who does gets what came of it."""
        for _ in changes(self.places.control):
            with self._work:
                digest = listing.digest(self.places)
                if digest and digest != self._state.digest and not self._ending.is_set():
                    self._told.clear()
                    self._early = Early(digest, self._apply())

    def _apply(self) -> Applied:
        """Bring an edit in. A failed build leaves the old server serving, and the edit to be tried again."""
        digest, log = listing.digest(self.places), list[str]()
        serving = not self._between and self._server is not None and self._server.ready.is_set()
        if serving and digest and digest == self._state.digest:
            return Applied(True, digest, "nothing changed")
        try:
            if not self.places.direct:
                self._between = True
                if not self._bring_up_to_date(digest) and serving:
                    # Another name, owner or the like: nothing an app could see.
                    self._state.save(self._state.files, digest)
                    self._between = False
                    return Applied(True, digest, "nothing changed")
                code, log = self._tool_run("build", self.places.build)
                if code:
                    return Applied(False, self._state.digest, f"the build failed with exit code {code}", log)
                self._state.save(self._state.files, digest)
                self._between = False
            self._state.digest = digest
            reason = self._replaced() if self.places.restart else self._still_serving()
        except (Failed, OSError) as error:
            return Applied(False, self._state.digest, str(error), log)
        return Applied(not reason, digest, reason, log)

    def _replaced(self) -> str:
        """The old server ends, a new one starts; why it does not serve, if so."""
        self._unmark()
        if self._server is not None:
            self._server.end()
        return self._serve().wait_until_ready()

    def _still_serving(self) -> str:
        return self._server.wait_until_ready() if self._server else "the server was never started"

    def _status(self) -> dict[str, object]:
        server = self._server
        alive = server is not None and not server.ended.is_set()
        return {
            "digest": self._state.digest,
            "child_pid": server.group.pid if server and alive else None,
            "ready": bool(server and alive and server.ready.is_set()),
            "listening": sockets_of(server.group.pid)[0] if server and alive else [],
            "written": [] if self.places.direct else [_text(path) for path in self._state.written()],
        }


def install(places: Places) -> int:
    """Copy the listed manifests and run the install command: its exit code."""
    places.make_home()
    WorkingCopy(places.source, places.app).update([], listing.wanted(places))
    if not places.install:
        return 0
    group = Group(places.install, places.app, places.for_tools())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: group.end())
    return group.wait()


def _text(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
