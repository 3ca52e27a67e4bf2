"""`git:` in `slipway.yaml`: the remote repository a workspace follows, and when it is pushed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from monitor.domain.config_keep import OFF, schedule_of
from monitor.domain.git.names import checked_branch, own_branch, parse_author
from monitor.domain.git.urls import parse_url
from monitor.domain.schedule import Schedule

ON_COMMIT, ON_SNAPSHOT = "on-commit", "on-snapshot"


def _checked(check: Callable[[str], object]) -> Callable[[str], str]:
    def run(text: str) -> str:
        check(text)
        return text

    return run


def _off(value: object) -> object:
    """`push: off` is false to YAML."""
    return OFF if value is False else value


def _push(text: str) -> str:
    words = " ".join(text.split())
    if words not in {ON_COMMIT, ON_SNAPSHOT, OFF}:
        try:
            schedule_of(words)
        except ValueError:
            raise ValueError(
                "must be on-commit, on-snapshot, off, or a cron expression such as `0 3 * * *`"
            ) from None
    return words or OFF


def _folder(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or ".." in parts or not path.isprintable() or re.search(r"(?i)(^|/)\.git(/|$)", path):
        raise ValueError("must be a folder of the repository, such as `site`")
    return "/".join(parts)


Branch = Annotated[str, AfterValidator(checked_branch)]


class Git(BaseModel):
    """`branch` is followed (the remote's own default unless said), `to` is pushed to, `path` is the folder of the
    repository that is the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: Annotated[str, AfterValidator(_checked(parse_url))]
    branch: Branch | None = None
    push: Annotated[str, BeforeValidator(_off), Field(max_length=200), AfterValidator(_push)] = OFF
    to: Branch | None = None
    path: Annotated[str, Field(max_length=1000), AfterValidator(_folder)] = ""
    author: Annotated[str, AfterValidator(_checked(parse_author))] | None = None

    def target(self, workspace: str) -> str:
        """The branch that is pushed to."""
        return self.to or own_branch(workspace)

    @property
    def schedule(self) -> Schedule | None:
        """When it is pushed by the clock; None where something else decides."""
        return None if self.push in {ON_COMMIT, ON_SNAPSHOT} else schedule_of(self.push)
