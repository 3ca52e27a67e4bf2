"""The router: what visitors' requests go through, told the whole table each time.

Promises every router keeps (one contract suite holds all of them, the fake included, to it):

- `publish` hands over every file route of the table at once; a reader never sees half of it. The same table
  twice writes nothing the second time, also in a new process.
- Label routes are not published: the router learns those from the engine. They are confirmed all the same.
- A published table is not live yet; `confirm` says when it is, by asking the router itself.
- Nothing here changes or stops an instance.
- Every call is bounded in time. `RouterAway` means the router does not answer: retrying helps, and a
  published table is taken up once it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from monitor.domain.route_difference import Extra, Mismatch, RouterState
from monitor.domain.routes import Route, RouteTable
from monitor.errors import Away


class RouterAway(Away):
    """The router does not answer; retrying later helps."""

    reason = "router-away"


class Router(Protocol):
    """See the module's promises."""

    async def check(self) -> str:
        """The router's version; raises `RouterAway`."""
        ...

    async def publish(self, table: RouteTable) -> bool:
        """Hand over the whole table; True where that wrote something. Needs no answer from the router."""
        ...

    async def confirm(self, routes: Sequence[Route], timeout_s: float) -> tuple[Mismatch, ...]:
        """Wait until every one of `routes` is live as wanted (rule, priority, middlewares, address).

        Returns what is not after `timeout_s`, with what was seen; empty means all are. Raises `RouterAway` if
        the router's last word was none.
        """
        ...

    async def gone(self, routes: Sequence[Route], timeout_s: float) -> tuple[str, ...]:
        """Wait until none of `routes` is there any more; return the names still there after `timeout_s`.

        For routes that were live: from then on no new request reaches their instance. Raises `RouterAway` if
        the router's last word was none.
        """
        ...

    async def actual(self) -> RouterState:
        """All the router has now, of every provider; raises `RouterAway`."""
        ...

    async def unexpected(self, wanted: RouteTable) -> tuple[Extra, ...]:
        """What containers' labels brought into the router beyond `wanted`; raises `RouterAway`."""
        ...

    async def close(self) -> None:
        """Let go of connections; what was published stays."""
        ...
