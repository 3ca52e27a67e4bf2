"""Every failure is a small letter to a person: what happened, why, what to try.

One place turns these into an exit code (cli), one into a response (web).
"""

from __future__ import annotations


class SlipwayError(Exception):
    """A failure told to a person: `message` says what happened and why, `hint` what to try.

    `reason` is a short machine-readable word that stays the same between releases; `exit_code` and
    `status` are the command line's and the API's reading of it.
    """

    reason = "error"
    exit_code = 1
    status = 500

    def __init__(self, message: str, *, hint: str = "", reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if reason is not None:
            self.reason = reason

    def as_json(self) -> dict[str, dict[str, str]]:
        """The one error shape of the API: `{"error": {"reason", "message", "hint"}}`."""
        return {"error": {"reason": self.reason, "message": self.message, "hint": self.hint}}


class UsageError(SlipwayError):
    """The words of the call are wrong; the same call will fail again."""

    reason = "usage"
    exit_code = 2
    status = 400


class Incomplete(SlipwayError):
    """Most was done, something was not; the message names what."""

    reason = "incomplete"
    exit_code = 3
    status = 409


class NotFound(SlipwayError):
    """What was asked for does not exist (or is not ours to tell about)."""

    reason = "not-found"
    exit_code = 4
    status = 404


class Refused(SlipwayError):
    """Understood, and deliberately not done: a rule forbids it."""

    reason = "refused"
    exit_code = 5
    status = 403


class Conflict(Refused):
    """Something else stands in the way right now (a lock, another writer, a wrong phase)."""

    reason = "conflict"
    status = 409


class Away(SlipwayError):
    """A component we depend on does not answer; retrying later helps."""

    reason = "away"
    status = 503
