"""Who did what, how much of it, and what happens to whoever guesses tokens."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.audit_file import AuditFile
from monitor.adapters.metered_store import MeteredStore
from monitor.adapters.prometheus import Prometheus
from monitor.app.logs import AsJson, AsText
from monitor.domain.access import Scope
from monitor.domain.audit import Act, read_act, write_act
from monitor.domain.metrics import gauges
from monitor.domain.state import SyncState
from monitor.domain.tries import BURST, EVERY_S, Tries
from monitor.domain.workspace import Phase
from monitor.ports.store import NoSuchKey, StoreAway
from monitor.ports.tracing import REQUEST_ID
from monitor.services.measuring import Measuring
from monitor.web.auditing import NAMELESS
from monitor.web.face import Face, Oversight
from monitor.web.server import dashboard_app
from tests.support.face import Stage
from tests.support.faults import Fault, FaultyStore
from tests.web.conftest import ORIGIN, Door


def act(number: int) -> Act:
    return Act("2026-03-01T10:30:00Z", f"id{number}", "admin", "POST", f"/api/workspaces/shop\n{number}", 202)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
async def watched(stage: Stage, file: Path) -> AsyncIterator[Door]:
    """A dashboard whose requests are written down and counted."""
    meter = Prometheus(lambda: gauges(stage.registry.states.values()))
    oversight = Oversight(AuditFile(file), meter, meter.render)
    given = {name: getattr(stage.face, name) for name in Face.__dataclass_fields__}
    face = Face(**{**given, "oversight": oversight})
    async with TestClient(TestServer(dashboard_app(face, frozenset({ORIGIN})))) as client:
        yield Door(stage, client)


def test_records_come_back_newest_first_page_by_page(file: Path) -> None:
    log = AuditFile(file)
    for number in range(500):
        log.note(act(number))
    found, place = [], None
    while True:
        some, place = log.newest(7, place)
        found += some
        if place is None:
            break
    assert found == [act(n) for n in reversed(range(500))]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_record_cut_short_hides_no_other(file: Path) -> None:
    log = AuditFile(file)
    log.note(act(1))
    file.write_bytes(file.read_bytes() + write_act(act(2))[:40] + b"\n" + b"\xff\n[]\n{}\n\n")
    log.note(act(3))
    assert log.newest(10)[0] == [act(3), act(1)]
    assert AuditFile(file.with_name("none")).newest(10) == ([], None)
    assert read_act(b'{"time": "x", "who": 3}') is None


async def test_what_changes_something_or_was_refused_is_written_down(watched: Door, file: Path) -> None:
    watched.stage.add("shop", phase=Phase.SERVING)
    post, get = watched.client.post, watched.client.get
    assert (await get("/api/workspaces", headers=watched.bearer(Scope.READ))).status == 200
    operator = {**watched.bearer(Scope.OPERATE), "X-Request-Id": "mine-1"}
    answered = await post("/api/workspaces/shop/stop?secret=1", headers=operator)
    assert answered.headers["X-Request-Id"] == "mine-1"
    assert (await post("/api/workspaces/shop/stop", headers=watched.bearer(Scope.READ))).status == 403
    assert (await get("/api/workspaces", headers={"Authorization": "Bearer wrong"})).status == 401

    assert (await get("/api/audit", headers=watched.bearer(Scope.OPERATE))).status == 403
    told = await (await get("/api/audit?limit=2", headers=watched.bearer())).json()
    refused, wrong = told["items"]
    older = await (await get(f"/api/audit?before={told['next']}", headers=watched.bearer())).json()
    read_only, stopped = older["items"]
    assert (wrong["who"], wrong["status"], wrong["path"]) == ("", 401, "/api/workspaces")
    assert (refused["status"], refused["path"], refused["who"]) == (403, "/api/audit", watched.ids[Scope.OPERATE])
    assert (read_only["status"], read_only["who"]) == (403, watched.ids[Scope.READ])
    assert (stopped["who"], stopped["scope"], stopped["workspace"], stopped["request_id"]) == (
        watched.ids[Scope.OPERATE], "operate", "shop", "mine-1",
    )  # fmt: skip
    assert b"wrong" not in file.read_bytes(), "a guessed token may be one of another place"
    assert b"secret" not in file.read_bytes()


async def test_whoever_has_no_token_cannot_fill_the_disk_with_records(watched: Door, file: Path) -> None:
    """Any page in the user's browser can ask, as often as it likes; those with a token are always written down."""
    for _ in range(NAMELESS + 50):
        assert (await watched.client.get("/api/status")).status == 401
    lines = file.read_text().splitlines()
    assert len(lines) == NAMELESS
    assert "not written down" in json.loads(lines[-1])["reason"]
    assert (await watched.client.get("/api/audit", headers=watched.bearer(Scope.READ))).status == 403
    assert len(file.read_text().splitlines()) == NAMELESS + 1


async def test_guessing_is_slowed_down_and_locks_nobody_out(watched: Door) -> None:
    get = watched.client.get
    assert (await get("/api/status", headers=watched.bearer())).status == 200
    seen = [(await get("/api/status", headers={"Authorization": f"Bearer {n}"})).status for n in range(BURST + 2)]
    assert seen == [401] * BURST + [429, 429]
    refused = await get("/api/status", headers=watched.bearer(Scope.READ))
    assert refused.status == 429, "a token not seen before is not looked at now"
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await get("/api/status", headers=watched.bearer())).status == 200, "one that was right before is"
    assert (await get("/api/health")).status == 200


def test_tries_come_back_with_time() -> None:
    tries = Tries()
    for _ in range(BURST):
        assert tries.wait_s == 0
        tries = tries.wrong()
    assert tries.wait_s == EVERY_S
    assert tries.now(EVERY_S * 1.5).wait_s == 0
    assert tries.now(EVERY_S * 1000).full
    assert tries.now(-5.0).left == 0, "a clock that went back gives nothing"


async def test_metrics_are_what_prometheus_reads(watched: Door) -> None:
    stage = watched.stage
    stage.add("shop", phase=Phase.SERVING, sync=SyncState(revision=3, mirror_lag_s=1.5))
    stage.add('odd"name\\\n')
    answered = await watched.client.get("/api/metrics", headers=watched.bearer(Scope.READ))
    assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = {f.name: f for f in text_string_to_metric_families(await answered.text())}
    phases = {s.labels["phase"]: s.value for s in found["slipway_workspaces"].samples}
    assert phases == {**dict.fromkeys(map(str, Phase), 0.0), "serving": 1.0, "detected": 1.0}
    assert {s.value for s in found["slipway_sync_lag_seconds"].samples} == {1.5, 0.0}
    await watched.client.get("/api/nothing", headers=watched.bearer())
    text = await (await watched.client.get("/api/metrics", headers=watched.bearer())).text()
    assert 'slipway_api_seconds_count{method="GET",status="404"} 1.0' in text


def test_starts_revisions_and_jobs_are_counted(stage: Stage) -> None:
    meter = Prometheus(lambda: ())
    measuring = Measuring(stage.registry, meter, stage.clock)
    with stage.registry.subscribe() as events:
        stage.add("shop", type="static", phase=Phase.STARTING, sync=SyncState(revision=4))
        stage.registry.update("shop", phase=Phase.SERVING)
        stage.registry.update("shop", sync=SyncState(revision=7))
        stage.registry.emit({"type": "job", "job": {"kind": "run", "state": "running"}})
        stage.registry.emit({"type": "job", "job": {"kind": "run", "state": "failed"}})
        while not events.queue.empty():
            measuring.take(events.queue.get_nowait())
    text = meter.render().decode()
    assert 'slipway_start_seconds_count{type="static"} 1.0' in text
    assert "slipway_revisions_kept_total 3.0" in text
    assert 'slipway_jobs_total{kind="run",state="failed"} 1.0' in text
    assert 'state="running"' not in text


async def test_the_store_s_work_and_troubles_are_counted(stage: Stage) -> None:
    from monitor.adapters.memory_store import MemoryStore

    meter = Prometheus(lambda: ())
    faulty = FaultyStore(MemoryStore())
    store = MeteredStore(faulty, meter, stage.clock)
    await store.put("a", b"12345")
    assert await store.get("a") == b"12345"
    with pytest.raises(NoSuchKey):
        await store.get("b")
    assert [found.key async for found in store.list("")] == ["a"]
    faulty.arm(Fault("before", at=0, error=StoreAway("no answer")))
    with pytest.raises(StoreAway):
        await store.get("a")
    text = meter.render().decode()
    assert 'slipway_store_bytes_total{direction="sent"} 5.0' in text
    assert 'slipway_store_requests_total{request="get"} 3.0' in text
    assert 'slipway_store_errors_total{reason="store-away",request="get"} 1.0' in text
    assert text.count("slipway_store_errors_total{") == 1, "a key that is not there is no error"


def test_log_lines_say_which_request_they_belong_to() -> None:
    record = logging.LogRecord("monitor.x", logging.WARNING, "f", 1, 'said "%s"\n', ("so",), None)
    mark = REQUEST_ID.set("abc")
    try:
        as_json, as_text = json.loads(AsJson().format(record)), AsText("%(message)s").format(record)
    finally:
        REQUEST_ID.reset(mark)
    assert as_json["message"] == 'said "so"\n'
    assert (as_json["level"], as_json["request_id"]) == ("warning", "abc")
    assert as_text.endswith("[request abc]")
    assert "request_id" not in json.loads(AsJson().format(record))
