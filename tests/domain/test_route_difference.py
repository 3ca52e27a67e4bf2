"""What a router has, compared with what it should have."""

from __future__ import annotations

from monitor.domain.route_difference import (
    ActualRouter,
    Extra,
    Kind,
    RouterState,
    difference,
)
from monitor.domain.route_table import Serving
from monitor.domain.routes import Provider
from tests.support.routes import as_actual, process, table


class TestDifference:
    """What the watchdog and confirmation see."""

    def test_the_wanted_table_has_none(self) -> None:
        wanted = table(process("blog"), Serving("api", 1, True, Provider.DOCKER, "http://10.0.0.2:1", 1))
        assert not difference(wanted, as_actual(wanted))

    def test_each_wrong_thing_is_named(self) -> None:
        wanted = table(process("blog"))
        right = as_actual(wanted)
        name = "ws-blog-1@file"
        router = right.routers[name]
        wrong = {
            "does not have": None,
            "refused it: bad rule": ActualRouter(*_fields(router), enabled=False, errors=("bad rule",)),
            "its rule is": ActualRouter(name, "Path(`/x`)", *_fields(router)[2:]),
            "its priority is 7": ActualRouter(name, router.rule, 7, *_fields(router)[3:]),
            "its middlewares are none": ActualRouter(name, router.rule, router.priority, router.service),
            "the service other@file": ActualRouter(
                name, router.rule, router.priority, "other@file", router.middlewares
            ),
        }
        for reason, seen in wrong.items():
            routers = {k: v for k, v in right.routers.items() if k != name} | ({name: seen} if seen else {})
            found = difference(wanted, RouterState(routers, right.services, right.middlewares))
            assert [m.name for m in found.mismatched] == [name]
            assert reason in found.mismatched[0].reason

    def test_an_old_address_is_a_difference(self) -> None:
        wanted = table(process("blog"))
        right = as_actual(wanted)
        old = RouterState(
            right.routers, {**right.services, "ws-blog-1@file": ("http://127.0.0.1:1",)}, right.middlewares
        )
        assert "http://127.0.0.1:1, not" in difference(wanted, old).mismatched[0].reason

    def test_what_is_left_in_the_file_is_stale_and_what_labels_brought_is_extra(self) -> None:
        wanted = table(process("blog"))
        right = as_actual(wanted)
        more = {
            name: ActualRouter(name, "Path(`/`)", 1, "evil@docker")
            for name in ("ws-gone-1@file", "evil@docker", "someone@file", "api@internal")
        }
        services = {**right.services, "evil@docker": ("http://10.0.0.9:80",), "web@consul": ()}
        actual = RouterState({**right.routers, **more}, services, right.middlewares | {"m@docker"})
        found = difference(wanted, actual)
        assert found.stale == ("ws-gone-1@file",)
        assert found.extra == (
            Extra(Kind.MIDDLEWARE, "m@docker"),
            Extra(Kind.ROUTER, "evil@docker", ("http://10.0.0.9:80",)),
            Extra(Kind.SERVICE, "evil@docker", ("http://10.0.0.9:80",)),
        )

    def test_an_instance_that_is_not_ready_may_be_there_or_not(self) -> None:
        starting = Serving("blog", 2, True, Provider.DOCKER, "http://10.0.0.2:1", 1, ready=False)
        wanted = table(starting)
        assert not difference(wanted, as_actual(wanted))
        assert not difference(wanted, as_actual(table(known=("blog",))))


def _fields(router: ActualRouter) -> tuple[str, str, int, str, tuple[str, ...]]:
    return router.name, router.rule, router.priority, router.service, router.middlewares
