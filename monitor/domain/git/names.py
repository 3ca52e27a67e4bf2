"""What branches and authors may be called."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BRANCH = 200

_ODD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.(/|$)")
_AUTHOR = re.compile(r"(?P<name>[^<>\x00-\x1f]{1,100}?)\s*<(?P<mail>[^<>\s\x00-\x1f]{1,200})>")


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    mail: str

    @property
    def text(self) -> str:
        return f"{self.name} <{self.mail}>"


def checked_branch(text: str) -> str:
    """A branch's name, as git-check-ref-format has it; raises `ValueError`, whose text completes a sentence."""
    plain = text and len(text) <= MAX_BRANCH and text.isprintable() and not text.startswith(("-", "/", ".", "refs/"))
    if not plain or text.endswith("/") or _ODD.search(text) or text in {"@", "HEAD"}:
        raise ValueError("must be a branch's name, such as `main` or `slipway/shop`")
    return text


def parse_author(text: str) -> Author:
    """`Name <mail>`; raises `ValueError`, whose text completes a sentence."""
    found = _AUTHOR.fullmatch(text.strip())
    if found is None or not found["name"].strip():
        raise ValueError("must be an author such as `Slipway <slipway@example.org>`")
    return Author(found["name"].strip(), found["mail"])


def own_branch(workspace: str) -> str:
    """Where a workspace is pushed to unless its file says otherwise."""
    return f"slipway/{workspace}"
