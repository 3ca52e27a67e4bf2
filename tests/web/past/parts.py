"""The workspace every test here is about, and the work begun for it."""

from __future__ import annotations

from typing import Any

from tests.web.asking import JOB, ask, over
from tests.web.conftest import Door

SHOP = "/api/workspaces/shop"
REVISION = {"seq", "time", "kind", "name", "files", "bytes", "grade"}


async def work(door: Door, method: str, path: str, **options: Any) -> dict[str, Any]:
    """What a job came to."""
    job = await ask(door, method, path, 202, **options)
    assert job.keys() >= JOB
    return await over(door, job)


async def result(door: Door, method: str, path: str, **options: Any) -> dict[str, Any]:
    done = await work(door, method, path, **options)
    assert done["state"] == "done", done["error"]
    return dict(done["result"])
