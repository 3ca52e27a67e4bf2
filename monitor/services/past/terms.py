"""The terms each workspace is kept on: the install's own, and what its `slipway.yaml` says instead.

What was said last is remembered: it holds for a workspace whose folder is gone, and while its file is broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.domain.config_keep import Keep, schedule_of
from monitor.domain.data_terms import DataTerms, terms_of
from monitor.domain.retention_policy import Policy, with_overrides
from monitor.domain.schedule import Schedule
from monitor.domain.streams import workspace_of
from monitor.ports.state_files import StateFiles

FILE = "keep.json"


class Terms:
    """`policy` and `schedule` are the install's own; `files` remembers the workspaces'."""

    def __init__(self, files: StateFiles, policy: Policy, schedule: Schedule | None) -> None:
        self._files, self._policy, self._schedule = files, policy, schedule
        kept = files.read(FILE)
        self._said: dict[str, dict[str, Any]] = dict(kept) if isinstance(kept, Mapping) else {}

    def note(self, name: str, keep: Keep) -> None:
        """What a workspace's own file says now."""
        said: dict[str, Any] = {"snapshots": keep.snapshots, "retention": keep.retention.said}
        said |= {key: value for key, value in (("data", keep.data), ("data_limit", keep.data_limit)) if value}
        plain = said == {"snapshots": None, "retention": {}}
        if self._said.get(name) != (None if plain else said):
            self._said = {other: one for other, one in self._said.items() if other != name}
            self._said |= {} if plain else {name: said}
            self._files.write(FILE, self._said)

    def forget(self, name: str) -> None:
        """Nothing is left of this workspace."""
        self.note(name, Keep())

    def policy(self, name: str) -> Policy:
        """How long what was kept of it stays; its data stays as long as its source."""
        return with_overrides(self._policy, self._said.get(workspace_of(name), {}).get("retention", {}))

    def schedule(self, name: str) -> Schedule | None:
        """When snapshots of it are made; None: only when somebody asks."""
        said = self._said.get(name, {}).get("snapshots")
        return self._schedule if said is None else schedule_of(said)

    def data(self, name: str) -> DataTerms:
        """How often its data volume is kept, and how much of it."""
        said = self._said.get(name, {})
        return terms_of(said.get("data"), said.get("data_limit"))
