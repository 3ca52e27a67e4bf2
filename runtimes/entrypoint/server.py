"""The started server: when it is ready, where it listens, how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import taken_ports
from listening import accepts, knock_address, sockets_of
from places import Places, say
from processes import Group
from relay import Relay, Search
from start_scripts import direct

_SOON_PAUSE_S, _PAUSE_S, _LATE_PAUSE_S = 0.02, 0.1, 1.0
_SOON_S, _LOOK_S = 3.0, 1.0


class Server:
    """One run of the start command.

    `mark` is called with this once it accepts on PORT at the address the router uses; `ended_by_itself` with
    its exit code when it ends unasked.
    """

    def __init__(
        self, places: Places, mark: Callable[[Server], None], ended_by_itself: Callable[[int], None]
    ) -> None:
        self._places = places
        self._mark = mark
        self._ended_by_itself = ended_by_itself
        self._address = knock_address(places.host)
        self.ready = threading.Event()
        self.ended = threading.Event()
        self._settled = threading.Event()
        self._relay: Relay | None = None
        folder = places.app if not places.direct else places.source
        env = places.for_server()
        env |= taken_ports.options(places.host, env["SLIPWAY_SHARED"], env)
        command, env = direct(places.start, folder, env)
        self.group = Group(command, folder, env)
        for work in (self._wait_for_end, self._wait_until_it_accepts):
            threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        """End it whole; the port is free afterwards."""
        self.group.end()
        if self._relay is not None:
            self._relay.close()
            self._relay = None

    def wait_until_ready(self) -> str:
        """Wait until it accepts; empty, or why it does not."""
        self._settled.wait(self._places.start_timeout)
        if self.ended.is_set():
            return f"the server ended with exit code {self.group.wait()}"
        return "" if self.ready.is_set() else self._what_is_wrong()

    def _wait_for_end(self) -> None:
        code = self.group.wait()
        self.ended.set()
        self._settled.set()
        if not self.group.ending:
            say(f"the server ended with exit code {code}")
            self._ended_by_itself(code)

    def _wait_until_it_accepts(self) -> None:
        pause, started, told = _SOON_PAUSE_S, time.monotonic(), False
        search, look = Search(), started + _LOOK_S
        while not self.ended.wait(pause):
            if time.monotonic() > look:
                self._search(search)
                look = time.monotonic() + _LOOK_S
            if accepts(self._address, self._places.port) and self._is_ours():
                self.ready.set()
                self._mark(self)
                self._settled.set()
                return
            waited = time.monotonic() - started
            late = waited > self._places.start_timeout
            pause = _LATE_PAUSE_S if late else _PAUSE_S if waited > _SOON_S else _SOON_PAUSE_S
            if late and not told:
                told = True
                say(self._what_is_wrong())

    def _search(self, search: Search) -> None:
        """Pass connections on where it listens elsewhere than on PORT; they count as its own from then on."""
        target = None if self._relay else search.found(sockets_of(self.group.pid)[0])
        if target is None or self.group.ending or accepts(self._address, self._places.port):
            return
        try:
            self._relay = Relay((self._address, self._places.port), target)
        except OSError as error:
            say(f"cannot pass on to {target[0]}:{target[1]}: {error}")
            return
        if self.group.ending:
            self._relay.close()
        say(f"it listens on {target[0]}:{target[1]}, not on $PORT ({self._places.port}): passed on to it")

    def _is_ours(self) -> bool:
        """In a container only this app can listen; on a host somebody else may have taken the port."""
        if self._relay is not None or not self._address.startswith("127."):
            return True
        sockets, complete = sockets_of(self.group.pid)
        return not complete or any(at.endswith(f":{self._places.port}") for at in sockets)

    def _what_is_wrong(self) -> str:
        seen = ", ".join(sockets_of(self.group.pid)[0])
        listens = f"it listens on {seen} only" if seen else "it listens nowhere"
        wait = f"{self._places.start_timeout:g} s"
        return f"nothing accepts on {self._address}:{self._places.port} after {wait}; {listens}"
