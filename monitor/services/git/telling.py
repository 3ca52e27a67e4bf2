"""A remote in words and values: what was typed, checked, and how a workspace stands with it."""

from __future__ import annotations

from monitor.domain.config_git import Git as Terms
from monitor.domain.git.state import GitState
from monitor.domain.git.urls import parse_url
from monitor.errors import Refused, UsageError
from monitor.services.git.book import Known


def terms_from(url: str, branch: str | None) -> Terms:
    """What was typed, checked; raises `UsageError`."""
    try:
        return Terms(url=url, branch=branch or None)
    except ValueError:
        pass
    try:
        parse_url(url)
    except ValueError as error:
        raise UsageError(f"the repository's address {error}") from None
    raise UsageError("the branch must be a branch's name, such as `main`")


def state_of(name: str, terms: Terms, known: Known, newest: int) -> GitState:
    """What everybody sees."""
    pulled, pushed = known.base(terms, terms.branch or known.branch), known.last_push(terms, terms.target(name))
    revision = known.pushed_revision if pushed else None
    return GitState(
        url=terms.url,
        branch=terms.branch or known.branch,
        push=terms.push,
        push_branch=terms.target(name),
        pulled=pulled,
        pulled_at=known.pulled_at if pulled else None,
        pushed=pushed,
        pushed_at=known.pushed_at if pushed else None,
        pushed_revision=revision,
        looked_at=known.looked_at,
        behind=known.behind,
        ahead=max(0, newest - revision) if revision is not None else 0,
        conflicts=known.conflicts,
        error=known.error,
    )


def remote_of(name: str, terms: Terms | None) -> Terms:
    """Raises `Refused` for a workspace without a remote."""
    if terms is None:
        raise Refused(
            f"{name} follows no remote repository, so there is nothing to pull from",
            hint=f"say `git: {{url: …}}` in its slipway.yaml; `slipway restore {name}` brings back what was kept",
            reason="no-pull",
        )
    return terms
