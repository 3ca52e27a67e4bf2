"""What happened to each workspace since the monitor started, in sentences; bounded, newest last, never on disk."""

from __future__ import annotations

from collections import deque
from typing import Any

from monitor.domain.moments import rfc3339
from monitor.ports.clock import Clock
from monitor.services.registry import Event

EACH = 200
EVERYBODY = 200


class Chronicle:
    """Told every event by the registry; what only counts on (progress, pending files) is no happening."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, dict[str, Any]] = {}
        self._jobs: dict[str, str] = {}
        self._of: dict[str, deque[dict[str, Any]]] = {}
        self._general: deque[dict[str, Any]] = deque(maxlen=EVERYBODY)

    def of(self, name: str) -> list[dict[str, Any]]:
        """`{"at", "kind", "tone", "text", "detail"}`, the newest first. `kind`: phase, change, kept, prefix, job."""
        return list(reversed(self._of.get(name, ())))

    def general(self) -> list[dict[str, Any]]:
        """What concerns no workspace alone: notices of the watchdog and banners, the newest first."""
        return list(reversed(self._general))

    def take(self, event: Event) -> None:
        """One event of the registry; quick, never raises for odd ones."""
        if event["type"] == "workspace":
            self._workspace(event["workspace"])
        elif event["type"] == "removed":
            self._last.pop(event["name"], None)
            self._of.pop(event["name"], None)
        elif event["type"] == "job":
            self._job(event["job"])
        elif event["type"] == "notice":
            self._general.append(self._entry("notice", "busy", event["text"]))

    def _workspace(self, now: dict[str, Any]) -> None:
        name = now["name"]
        before, self._last[name] = self._last.get(name), now
        if before is None or (before["phase"], before["generation"]) != (now["phase"], now["generation"]):
            tone = {"serving": "good", "failed": "bad", "starting": "busy"}.get(str(now["phase"]), "off")
            detail = now["hint"] if now["phase"] == "failed" else ""
            self._note(
                name, "phase", tone, f"{now['phase']}: {now['reason']}" if now["reason"] else now["phase"], detail
            )
        elif now["changing"] and now["changing"] not in {before["changing"], now["reason"]}:
            self._note(name, "change", "busy", now["changing"])
        if before is None:
            return
        if (kept := now["sync"]["revision"]) and kept != before["sync"]["revision"]:
            self._note(name, "kept", "good", f"revision {kept} is kept")
        if now["sync"]["error"] and now["sync"]["error"] != before["sync"]["error"]:
            self._note(name, "kept", "bad", now["sync"]["error"])
        if now["prefix"] and now["prefix"] != before["prefix"]:
            tone = "bad" if now["prefix"]["ok"] is False else "good"
            self._note(name, "prefix", tone, now["prefix"]["text"], now["prefix"]["hint"])

    def _job(self, job: dict[str, Any]) -> None:
        if self._jobs.get(job["id"]) == job["state"] or not job["workspace"]:
            return
        over = job["state"] in {"done", "failed", "cancelled"}
        if over:
            self._jobs.pop(job["id"], None)
        else:
            self._jobs[job["id"]] = job["state"]
        if over or job["state"] == "running":
            tone = {"done": "good", "failed": "bad"}.get(job["state"], "busy")
            detail = job["error"]["message"] if job["error"] else ""
            self._note(job["workspace"], "job", tone, f"{job['kind']}: {job['state']}", detail)

    def _note(self, name: str, kind: str, tone: str, text: str, detail: str = "") -> None:
        self._of.setdefault(name, deque(maxlen=EACH)).append(self._entry(kind, tone, text, detail))

    def _entry(self, kind: str, tone: str, text: str, detail: str = "") -> dict[str, Any]:
        return {"at": rfc3339(self._clock.wall_ns()), "kind": kind, "tone": tone, "text": str(text), "detail": detail}
