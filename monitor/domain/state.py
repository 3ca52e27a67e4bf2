"""What is known of one workspace, as one value: the dashboard, the API and the command line all show this."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from monitor.domain.git.state import GitState
from monitor.domain.prefix.verdict import PrefixVerdict
from monitor.domain.workspace import Phase


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far keeping has come: `kept_at` is RFC 3339 UTC with nanoseconds, `pending` counts files not kept yet.

    `revision` is the newest in the store, `spooled` counts those that wait here while it is away; `grade` is
    `busy` where files of the newest were changing while they were read. `mirror_lag_s` is the mirror's own.

    `left_out_*` count what the filter did not keep; `waiting` is a sentence where a person must decide.
    """

    revision: int | None = None
    kept_at: str | None = None
    pending: int = 0
    grade: str = "settled"
    spooled: int = 0
    mirror_lag_s: float = 0.0
    error: str = ""
    waiting: str = ""
    left_out_files: int = 0
    left_out_bytes: int = 0
    left_out_secrets: int = 0


@dataclass(frozen=True, slots=True)
class DataState:
    """What is kept of its data volume: the newest revision of the data's own stream.

    `error` is a sentence where the last look at the volume failed.
    """

    revision: int | None = None
    kept_at: str | None = None
    grade: str = ""
    files: int = 0
    bytes: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a workspace does not answer: exit reason, the last lines it printed, the sockets it listens on.

    `before` are the last lines of the instance before this one; `retry_at` is RFC 3339 UTC,
    None when nothing is planned.
    """

    reason: str
    hint: str = ""
    exit_code: int | None = None
    log: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    failures: int = 0
    retry_at: str | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """One workspace as everybody sees it; see the contract's shapes."""

    name: str
    folder: str
    type: str = "unknown"
    phase: Phase = Phase.DETECTED
    url: str = ""
    host_url: str = ""
    evidence: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""
    sync: SyncState = SyncState()
    data: DataState | None = None
    failure: Failure | None = None
    progress: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    description: str = ""
    icon: str = ""
    prefix: PrefixVerdict | None = None
    git: GitState | None = None
    generation: int | None = None
    changing: str = ""
    since: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, as `GET /api/workspaces/{name}` answers it."""
        return asdict(self)
