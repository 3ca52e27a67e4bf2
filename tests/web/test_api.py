"""The API's answers: the contract's shapes, and one shape for everything that goes wrong."""

from __future__ import annotations

import inspect
import io
import re
from typing import Any

import pytest

from monitor.domain.access import Scope
from monitor.domain.state import Failure
from monitor.domain.workspace import Phase
from tests.support.face import populate
from tests.support.waiting import until
from tests.web.asking import JOB, ask, over
from tests.web.conftest import Door

WORKSPACE = {"name", "folder", "type", "phase", "url", "host_url", "evidence", "reason", "sync"}
SYNC = {"revision", "kept_at", "pending", "mirror_lag_s"}


async def test_health_tells_nothing_else(door: Door) -> None:
    response = await door.client.get("/api/health")
    assert await response.json() == {"ok": True}


async def test_status_counts_phases(door: Door) -> None:
    populate(door.stage)
    status = await ask(door, "GET", "/api/status")
    assert {"version", "engine", "router", "store", "workspaces", "uptime_s"} <= status.keys()
    assert status["workspaces"]["serving"] == 3
    assert sum(status["workspaces"].values()) == 9


@pytest.mark.parametrize("path", ["/api/workspaces", "/api/projects"])
async def test_workspaces_have_the_contracts_shape(door: Door, path: str) -> None:
    populate(door.stage)
    answer = await ask(door, "GET", path)
    assert [w["name"] for w in answer["items"]] == sorted(door.stage.registry.states)
    assert all(w.keys() >= WORKSPACE and w["sync"].keys() >= SYNC for w in answer["items"])
    assert answer["unnamed"][0]["reason"]
    unknown = next(w for w in answer["items"] if w["name"] == "scans")
    assert (unknown["type"], unknown["phase"]) == ("unknown", "detected")


async def test_one_workspace(door: Door) -> None:
    door.stage.add("blog", type="static", phase=Phase.SERVING)
    for path in ("/api/workspaces/blog", "/api/workspaces/blog/status"):
        answer = await ask(door, "GET", path)
        assert answer["url"] == "http://localhost:8080/blog/"
        assert answer["host_url"] == "http://blog.localhost:8080/blog/"


async def test_a_name_that_is_not_unicode_is_answered(door: Door) -> None:
    door.stage.add("odd", folder="caf\udce9")
    assert (await ask(door, "GET", "/api/workspaces/odd"))["folder"] == "caf\udce9"


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("start", Phase.STOPPED, "serving"), ("stop", Phase.SERVING, "stopped"), ("restart", Phase.SERVING, "serving")],
)
async def test_a_verb_is_a_job_that_ends_where_it_should(door: Door, verb: str, before: Phase, after: str) -> None:
    door.stage.add("blog", phase=before)
    job = await ask(door, "POST", f"/api/workspaces/blog/{verb}", 202)
    assert job.keys() >= JOB
    assert job["kind"] == verb
    ended = await over(door, job)
    assert (ended["state"], ended["result"]["phase"]) == ("done", after)
    assert door.stage.asked == [("blog", verb)]
    assert (await ask(door, "GET", "/api/jobs"))["items"][0]["id"] == job["id"]


async def test_stopping_what_is_stopped_answers_at_once(door: Door) -> None:
    door.stage.add("blog", phase=Phase.STOPPED)
    assert (await ask(door, "POST", "/api/workspaces/blog/stop"))["phase"] == "stopped"
    assert (await ask(door, "GET", "/api/jobs"))["items"] == []


async def test_a_job_fails_with_the_workspaces_own_reason(door: Door) -> None:
    door.stage.obeys = False
    door.stage.add("blog", phase=Phase.FAILED, reason="it exited with code 1", hint="read its log")
    ended = await over(door, await ask(door, "POST", "/api/workspaces/blog/start", 202))
    assert ended["state"] == "failed"
    assert "it exited with code 1" in ended["error"]["message"]
    assert ended["error"]["hint"] == "read its log"


async def test_a_start_ends_when_somebody_else_says_stop(door: Door) -> None:
    door.stage.obeys = False
    door.stage.add("blog", phase=Phase.STARTING)
    job = await ask(door, "POST", "/api/workspaces/blog/start", 202)
    stop = await ask(door, "POST", "/api/workspaces/blog/stop", 202)
    assert (await over(door, job))["error"]["reason"] == "conflict"
    await ask(door, "DELETE", f"/api/jobs/{stop['id']}")
    assert (await over(door, stop))["state"] == "cancelled"


async def test_a_job_cancelled_before_its_first_step_is_cancelled(door: Door) -> None:
    async def never(tell: Any) -> None:
        raise AssertionError("began although it was cancelled")

    job = door.stage.jobs.begin("test", "blog", never)
    door.stage.jobs.cancel(job.id)
    await until(lambda: job.state == "cancelled")


async def test_logs(door: Door) -> None:
    failure = Failure("it exited", before=("first life",), log=("second life", "the end"))
    door.stage.add("blog", phase=Phase.FAILED, failure=failure)
    for path in ("/api/project/blog/logs", "/api/workspaces/blog/logs"):
        assert await ask(door, "GET", path) == {"lines": ["first life", "second life", "the end"]}
        assert await ask(door, "GET", f"{path}?lines=1") == {"lines": ["the end"]}
    assert (await ask(door, "GET", "/api/logs?lines=2"))["lines"] == ["line 298", "line 299"]


@pytest.mark.parametrize("lines", ["0", "-1", "x", "1e3", "", "٣"])
async def test_a_number_of_lines_is_a_number(door: Door, lines: str) -> None:
    await ask(door, "GET", f"/api/logs?lines={lines}", 400)


ERRORS = [
    ("GET", "/api/nothing", 404, "not-found"),
    ("GET", "/nothing", 404, "not-found"),
    ("GET", "/static/dashboard/%2e%2e/gate.css", 404, "not-found"),
    ("GET", "/static/gate.css", 404, "not-found"),
    ("GET", "/api/workspaces/none", 404, "not-found"),
    ("GET", "/api/jobs/none", 404, "not-found"),
    ("POST", "/api/workspaces/none/start", 404, "not-found"),
    ("DELETE", "/api/tokens/none", 404, "not-found"),
    ("POST", "/api/health", 405, "wrong-method"),
    ("OPTIONS", "/api/status", 405, "wrong-method"),
    ("PUT", "/", 405, "wrong-method"),
    ("GET", "/api/events", 400, "usage"),
    ("GET", "/api/logs?lines=x", 400, "usage"),
]


@pytest.mark.parametrize(("method", "path", "status", "reason"), ERRORS)
async def test_every_error_has_one_shape(door: Door, method: str, path: str, status: int, reason: str) -> None:
    answer = await ask(door, method, path, status)
    assert answer["error"].keys() == {"reason", "message", "hint"}
    assert answer["error"]["reason"] == reason
    assert all(isinstance(text, str) for text in answer["error"].values())


async def test_a_wrong_method_says_what_works(door: Door) -> None:
    response = await door.client.post("/api/health")
    assert "GET" in response.headers["Allow"]


BODIES = [b"{", b"[]", b"\xff\xfe\xfa", b'"x"', b"[" * 100_000, b'{"scope": "root"}', b'{"scope": 3}', b'{"x": 1}']
BODIES += [b'{"ttl_s": %s}' % value for value in (b"0", b"-5", b'"1"', b"true", b"NaN", b"1e300")]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_wrong_body_is_told_and_makes_no_token(door: Door, body: bytes) -> None:
    before = door.stage.access.tokens()
    assert (await ask(door, "POST", "/api/tokens", 400, data=body))["error"]["reason"] == "usage"
    assert door.stage.access.tokens() == before


async def test_a_huge_body_is_refused(door: Door) -> None:
    assert (await ask(door, "POST", "/api/tokens", 413, data=io.BytesIO(b" " * 2_000_000)))["error"][
        "reason"
    ] == "too-large"


async def test_a_defect_tells_no_details(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(door.stage.face.desk), "status", lambda self: 1 / 0)
    text = str(await ask(door, "GET", "/api/status", 500))
    assert "division" not in text
    assert "internal error" in text


async def test_tokens_are_made_listed_and_revoked(door: Door) -> None:
    made = await ask(door, "POST", "/api/tokens", 201, json={"scope": "read", "ttl_s": 60, "note": "for the wall"})
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await door.client.get("/api/status", headers=bearer)).status == 200
    listed = await ask(door, "GET", "/api/tokens")
    assert made["token"] not in str(listed)
    found = next(t for t in listed["items"] if t["id"] == made["id"])
    assert (found["scope"], found["note"]) == ("read", "for the wall")
    assert found["expires_at"] > found["created_at"]
    await ask(door, "DELETE", f"/api/tokens/{made['id']}")
    assert (await door.client.get("/api/status", headers=bearer)).status == 401


async def test_an_expired_token_opens_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = door.stage.access.new(Scope.READ, ttl_s=60)
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await door.client.get("/api/status", headers=bearer)).status == 200
    now = door.stage.clock.wall_ns()
    monkeypatch.setattr(type(door.stage.clock), "wall_ns", lambda self: now + 61 * 10**9)
    assert (await door.client.get("/api/status", headers=bearer)).status == 401


async def test_tokens_are_kept_hashed(door: Door) -> None:
    assert not any(secret in str(door.stage.state.kept) for secret in door.secrets.values())


async def test_the_description_names_every_path(door: Door) -> None:
    document = await ask(door, "GET", "/api/openapi.json")
    described = {(method.upper(), path) for path, verbs in document["paths"].items() for method in verbs}
    served = {
        (route.method, route.resource.canonical)
        for route in door.client.server.app.router.routes()  # type: ignore[union-attr, attr-defined]
        if route.resource and route.resource.canonical.startswith("/api") and route.method != "HEAD"
    }
    assert described == served
    assert all(
        verb["summary"].endswith((".", ")")) for verbs in document["paths"].values() for verb in verbs.values()
    )


async def test_openapi_names_every_part_of_a_query_that_is_read(door: Door) -> None:
    """Whoever has the description alone finds each `?name=` a handler reads, `?data=true` of both streams too."""
    described = (await ask(door, "GET", "/api/openapi.json"))["paths"]
    for route in door.client.server.app.router.routes():  # type: ignore[union-attr, attr-defined]
        path = route.resource.canonical if route.resource else ""
        if not path.startswith("/api") or route.method == "HEAD":
            continue
        source = inspect.getsource(route.handler)
        read = set(re.findall(r'(?:query_\w+|needed)\(request, "(\w+)"|query\.get\("(\w+)"', source))
        wanted = {one or other for one, other in read} | ({"data"} if "stream(request)" in source else set())
        said = described[path][route.method.lower()]["parameters"]
        assert wanted <= {one["name"] for one in said if one["in"] == "query"}, (route.method, path)


async def test_a_refused_field_is_named_in_plain_words(door: Door) -> None:
    """Not as the library that checks says it."""
    for path, sent, said in (
        ("/api/workspaces", {"template": "page"}, "name is missing"),
        ("/api/workspaces", {"name": 1}, "name is not a text"),
        ("/api/workspaces/shop/run", {"argv": "ls"}, "argv is not a list"),
        ("/api/workspaces/shop/run", {"argv": []}, "argv is empty"),
        ("/api/workspaces/shop/restore", {"revision": "1"}, "revision is not a whole number"),
        ("/api/workspaces/shop/restore", {"data": 1}, "data is not true or false"),
    ):
        answer = await ask(door, "POST", path, 400, json=sent)
        assert answer["error"]["message"] == said


async def test_the_page_and_its_files_need_no_token(door: Door) -> None:
    page = await door.client.get("/")
    assert page.content_type == "text/html"
    text = await page.text()
    assert "onclick" not in text
    assert "<style" not in text
    script = await door.client.get("/static/dashboard/main.js")
    assert script.content_type == "text/javascript"
    again = await door.client.get("/static/dashboard/main.js", headers={"If-None-Match": script.headers["ETag"]})
    assert again.status == 304
