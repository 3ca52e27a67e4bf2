"""A new workspace from a remote: its folder is there as a whole, or not at all."""

from __future__ import annotations

import secrets
from typing import Any

from monitor.domain.config_git import Git as Terms
from monitor.domain.creating.naming import checked_new_name
from monitor.domain.git.leaf import below
from monitor.errors import NotFound
from monitor.ports.placing import Job, Orders
from monitor.services.git.means import Means
from monitor.services.git.pulling import let_go
from monitor.services.git.staging import checkout_of, stage_files
from monitor.services.jobs import Tell


class Maker:
    """Makes workspaces."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def free(self, name: str) -> None:
        """Raises `UsageError` for what is no name, `Conflict` for one that is taken."""
        checked_new_name(name, await self._means.acting.reading.folders())

    async def make(self, name: str, terms: Terms, tell: Tell) -> dict[str, Any]:
        """Raises as `free` does, `GitAway`, `Refused`, `NotFound` for a branch or folder the remote has not."""
        means = self._means
        await self.free(name)
        url = means.url(terms)
        await means.git.forget(name)
        tell(f"fetching {url.text}")
        tip = await means.git.fetch(name, url, terms.branch)
        if tip.commit is None:
            raise NotFound(f"the remote has no branch {tip.branch}", hint="`--branch` names the one to take")
        leaves = below(await means.git.leaves(name, tip.commit), terms.path)
        checkout = await checkout_of(means, name, leaves)
        if not checkout.leaves:
            raise NotFound(f"{tip.branch} has no files{f' in {terms.path}' if terms.path else ''}")
        tell(f"writing {len(checkout.leaves)} files")
        stage = await means.placing.begin(Job(secrets.token_hex(8), means.root, name, means.root / name, fresh=True))
        try:
            await stage_files(means, name, stage, checkout.leaves, sorted(checkout.leaves))
            # Known before the folder is there: whoever looks at it next may be the one who pulls.
            self._note(name, terms, tip.branch, tip.commit)
            problems = await stage.place(Orders())
        except BaseException:
            means.book.forget(name)
            await let_go(stage)
            raise
        await stage.end()
        await means.git.mark(name, "pulled", tip.commit)
        lines = [f"{name} has {len(checkout.leaves)} files of {tip.branch} at {tip.commit[:12]}", *checkout.notes]
        return {
            "workspace": name,
            "branch": tip.branch,
            "commit": tip.commit,
            "files": len(checkout.leaves),
            "problems": [{"path": one.path, "reason": one.reason} for one in problems],
            "notes": list(checkout.notes),
            "lines": lines,
        }

    def _note(self, name: str, terms: Terms, branch: str, commit: str) -> None:
        now, book = self._means.now(), self._means.book
        book.forget(name)
        origin = {"origin_url": terms.url, "origin_branch": branch}
        place = {"url": terms.url, "branch": branch, "path": terms.path}
        book.note(name, **origin, **place, pulled=commit, pulled_at=now, looked_at=now)
