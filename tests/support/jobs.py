"""Work that is begun over the API of a running monitor, and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.cli.client import Client
from tests.support.waiting import until_sync


def done(client: Client, path: str, **body: object) -> Any:
    """The result of the job that `POST path` began."""
    return result_of(client, client.post(path, body))


def result_of(client: Client, job: Mapping[str, Any]) -> Any:
    """What it came to; a test that began it expects it to go well."""

    def over() -> dict[str, Any] | None:
        now = dict(client.get(f"/api/jobs/{job['id']}"))
        return now if now["state"] in {"done", "failed", "cancelled"} else None

    found = until_sync(over, 120, f"{job['kind']} to end")
    assert found is not None
    assert found["state"] == "done", found
    return found["result"]
