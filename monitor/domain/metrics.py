"""Every metric there is: its name, what it means, its labels and, for a histogram, its buckets.

Names and units follow Prometheus' naming guide: base units, `_total` for counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import Phase

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)


class Name(StrEnum):
    """The metrics that are measured while something happens."""

    START_SECONDS = "slipway_start_seconds"
    SCAN_SECONDS = "slipway_reconcile_seconds"
    REVISIONS = "slipway_revisions_kept_total"
    STORE_REQUESTS = "slipway_store_requests_total"
    STORE_ERRORS = "slipway_store_errors_total"
    STORE_BYTES = "slipway_store_bytes_total"
    STORE_SECONDS = "slipway_store_seconds"
    JOBS = "slipway_jobs_total"
    API_SECONDS = "slipway_api_seconds"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; without `buckets` it is a counter."""

    name: Name
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


MEASURED = (
    Metric(Name.START_SECONDS, "From starting to serving.", ("type",), SLOW),
    Metric(Name.SCAN_SECONDS, "One comparison of the workspaces folder with what runs.", (), QUICK),
    Metric(Name.REVISIONS, "Revisions added to histories."),
    Metric(Name.STORE_REQUESTS, "Requests to the S3 store.", ("request",)),
    Metric(Name.STORE_ERRORS, "Requests the S3 store did not fulfil.", ("request", "reason")),
    Metric(Name.STORE_BYTES, "Bytes sent to and read from the S3 store.", ("direction",)),
    Metric(Name.STORE_SECONDS, "Time until the S3 store answered.", ("request",), QUICK),
    Metric(Name.JOBS, "Jobs that are over, by how they ended.", ("kind", "state")),
    Metric(Name.API_SECONDS, "Time until a request to the API was answered.", ("method", "status"), QUICK),
)


@dataclass(frozen=True, slots=True)
class Gauge:
    """What stands at the moment of reading: one number for each set of label values."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


def gauges(states: Iterable[WorkspaceState]) -> Iterator[Gauge]:
    """What the workspaces' states say in numbers."""
    known = list(states)
    phases = {phase.value: 0 for phase in Phase}
    for state in known:
        phases[state.phase.value] += 1
    yield Gauge("slipway_workspaces", "Workspaces by phase.", ("phase",), tuple(((p,), n) for p, n in phases.items()))
    yield _each(known, "slipway_sync_lag_seconds", "Age of the oldest change the mirror has not got.", "mirror_lag_s")
    yield _each(known, "slipway_sync_pending_files", "Files not kept yet.", "pending")
    yield _each(known, "slipway_sync_spooled_revisions", "Revisions that wait for the store.", "spooled")
    yield _each(known, "slipway_revision", "Number of the newest revision.", "revision")


def _each(states: list[WorkspaceState], name: str, meaning: str, field: str) -> Gauge:
    values = tuple(((s.name,), float(getattr(s.sync, field) or 0)) for s in states)
    return Gauge(name, meaning, ("workspace",), values)
