"""What a test asks the API for, and the jobs it waits for."""

from __future__ import annotations

from typing import Any

from tests.support.waiting import until
from tests.web.conftest import Door

JOB = {"id", "kind", "state", "progress", "result", "error"}


async def ask(door: Door, method: str, path: str, status: int = 200, **options: Any) -> Any:
    """The answer to an administrator, JSON with this status."""
    response = await door.client.request(method, path, headers=door.bearer(), **options)
    assert response.status == status, await response.text()
    assert response.content_type == "application/json"
    return await response.json()


async def over(door: Door, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it is over."""

    async def ended() -> dict[str, Any] | None:
        now: dict[str, Any] = await ask(door, "GET", f"/api/jobs/{job['id']}")
        return now if now["state"] in {"done", "failed", "cancelled"} else None

    answer = await until(ended)
    assert answer is not None
    return answer
