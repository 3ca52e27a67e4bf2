"""What every `Router` promises, as tests: subclass `RouterContract` and give it a `bench` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from monitor.domain.route_difference import difference
from monitor.domain.route_table import Serving, instance_routes, route_table
from monitor.domain.routes import Provider, Route, RouteTable
from monitor.ports.router import Router, RouterAway

WAIT_S = 10.0


class Bench(Protocol):
    """A router to test, and what happens around it."""

    router: Router

    def writes(self) -> int:
        """How often publishing wrote so far."""
        ...

    async def again(self) -> Router:
        """The router as a new process would make it."""
        ...

    async def go_away(self) -> None:
        """From now on the router does not answer."""
        ...


@dataclass(frozen=True)
class Labelled:
    """What `LabelsContract` needs: start a container labelled for a workspace; stop it."""

    one: Serving
    container: object


class LabelBench(Bench, Protocol):
    async def start(self, workspace: str, generation: int, *, foreign: bool = False) -> Labelled:
        """A container that carries its route labels, and one nobody ordered where `foreign`."""
        ...

    async def stop(self, started: Labelled) -> None: ...


def process(workspace: str, generation: int = 1, port: int = 9) -> Serving:
    return Serving(workspace, generation, True, Provider.FILE, f"http://127.0.0.1:{port}", port)


def table(*serving: Serving, known: Sequence[str] = ()) -> RouteTable:
    names = {*known, *(one.workspace for one in serving)}
    return route_table(
        names, serving, gate_url="http://127.0.0.1:9", dashboard_url="http://localhost:9", domain="localhost"
    )


def routes_of(one: Serving) -> tuple[Route, ...]:
    return instance_routes(one, "localhost")


class RouterContract:
    """The promises in `monitor.ports.router`, one test each."""

    async def test_it_says_who_it_is(self, bench: Bench) -> None:
        assert await bench.router.check()

    async def test_a_published_table_is_confirmed_and_is_what_it_has(self, bench: Bench) -> None:
        wanted = table(process("blog", 3), process("www"), known=["api"])
        assert await bench.router.publish(wanted) is True
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        assert not difference(wanted, await bench.router.actual())

    async def test_publishing_the_same_again_writes_nothing(self, bench: Bench) -> None:
        wanted = table(process("blog"))
        await bench.router.publish(wanted)
        before = bench.writes()
        assert await bench.router.publish(table(process("blog"))) is False
        assert bench.writes() == before

    async def test_the_next_table_replaces_the_whole_of_the_last(self, bench: Bench) -> None:
        await bench.router.publish(table(process("blog", 1), process("gone")))
        wanted = table(process("blog", 2, port=10))
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        actual = await bench.router.actual()
        assert not difference(wanted, actual)
        assert "ws-gone-1@file" not in actual.routers

    async def test_two_generations_stand_side_by_side(self, bench: Bench) -> None:
        wanted = table(process("blog", 1), process("blog", 2, port=10))
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.of("blog"), WAIT_S) == ()

    async def test_an_instance_that_moved_is_confirmed_at_its_new_address_only(self, bench: Bench) -> None:
        await bench.router.publish(table(process("blog", port=9)))
        assert await bench.router.confirm(routes_of(process("blog", port=9)), WAIT_S) == ()
        missing = await bench.router.confirm(routes_of(process("blog", port=10)), 0.05)
        assert "not http://127.0.0.1:10" in missing[0].reason
        await bench.router.publish(table(process("blog", port=10)))
        assert await bench.router.confirm(routes_of(process("blog", port=10)), WAIT_S) == ()

    async def test_what_was_never_published_is_named(self, bench: Bench) -> None:
        await bench.router.publish(table(known=["blog"]))
        missing = await bench.router.confirm(routes_of(process("blog")), 0.05)
        assert {m.name for m in missing} == {"ws-blog-1@file", "ws-blog-1-host@file"}
        assert all(m.reason for m in missing)

    async def test_what_was_taken_out_is_gone_and_what_was_not_is_named(self, bench: Bench) -> None:
        await bench.router.publish(table(process("blog"), process("docs")))
        assert await bench.router.confirm(routes_of(process("blog")), WAIT_S) == ()
        await bench.router.publish(table(process("docs"), known=["blog"]))
        assert await bench.router.gone(routes_of(process("blog")), WAIT_S) == ()
        assert set(await bench.router.gone(routes_of(process("docs")), 0.05)) == {
            "ws-docs-1@file",
            "ws-docs-1-host@file",
        }

    async def test_an_empty_table_is_a_table(self, bench: Bench) -> None:
        await bench.router.publish(table(process("blog")))
        assert await bench.router.confirm(routes_of(process("blog")), WAIT_S) == ()
        wanted = table()
        await bench.router.publish(wanted)
        assert await bench.router.gone(routes_of(process("blog")), WAIT_S) == ()
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        assert not difference(wanted, await bench.router.actual())

    async def test_publishing_from_many_tasks_ends_with_one_of_their_tables(self, bench: Bench) -> None:
        tables = [table(process("blog", g)) for g in range(1, 6)]
        await asyncio.gather(*(bench.router.publish(one) for one in tables))
        await bench.router.publish(tables[-1])
        assert await bench.router.confirm(tables[-1].routes, WAIT_S) == ()

    async def test_away_is_said_and_publishing_goes_on(self, bench: Bench) -> None:
        await bench.go_away()
        wanted = table(process("blog"))
        assert await bench.router.publish(wanted) is True
        for ask in (
            bench.router.check(),
            bench.router.actual(),
            bench.router.unexpected(wanted),
            bench.router.confirm(wanted.routes, 0.05),
            bench.router.gone(wanted.routes, 0.05),
        ):
            with pytest.raises(RouterAway) as caught:
                await ask
            assert caught.value.hint

    async def test_closing_twice_is_fine(self, bench: Bench) -> None:
        await bench.router.check()
        await bench.router.close()
        await bench.router.close()


class LabelsContract:
    """Routes the router learns from containers; a subclass gives a `bench` that can start them."""

    async def test_a_container_is_confirmed_by_its_labels(self, bench: LabelBench) -> None:
        await bench.router.publish(table(known=["blog"]))
        started = await bench.start("blog", 1)
        wanted = table(started.one)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        assert not difference(wanted, await bench.router.actual())
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()

    async def test_a_container_that_went_away_is_missed(self, bench: LabelBench) -> None:
        started = await bench.start("blog", 1)
        await bench.router.publish(table(started.one))
        assert await bench.router.confirm(routes_of(started.one), WAIT_S) == ()
        await bench.stop(started)
        assert await bench.router.gone(routes_of(started.one), WAIT_S) == ()
        assert await bench.router.confirm(routes_of(started.one), 0.05)

    async def test_what_nobody_wants_is_told_with_its_address(self, bench: LabelBench) -> None:
        started = await bench.start("blog", 1, foreign=True)
        wanted = table(known=["blog"])
        await bench.router.publish(table(started.one))
        assert await bench.router.confirm(routes_of(started.one), WAIT_S) == ()
        extra = await bench.router.unexpected(wanted)
        assert {e.name for e in extra} >= {"ws-blog-1@docker", "ws-blog-1-host@docker"}
        assert (started.one.url,) in {e.urls for e in extra}
        assert not await bench.router.unexpected(table(started.one))
