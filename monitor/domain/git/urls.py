"""A remote's address, taken apart and checked; nothing git would take for an option or a program gets through."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

PROTOCOLS = ("https", "ssh", "http", "git", "file")
MAX_URL = 1000

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9a-fA-F:.]+\]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_SCP = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[^@/:]+):(?P<path>[^:].*)")
_WORD = re.compile(r"[a-z][a-z0-9+.-]*")


@dataclass(frozen=True, slots=True)
class GitUrl:
    """`text` is what git is given; `host` carries the port where one is named."""

    text: str
    scheme: str
    host: str = ""
    user: str = ""
    path: str = ""

    @property
    def place(self) -> str:
        """`https://example.org:8443/team/shop.git`: without a user, for comparing with a credential's own address."""
        return f"{self.scheme}://{self.host}/{self.path.lstrip('/')}"


def parse_url(text: str) -> GitUrl:
    """`https://…`, `ssh://…`, `git@host:path`, `http://…`, `git://…`, `file:///…` or an absolute path.

    Raises `ValueError`, whose text completes a sentence: also for a password in it, which would be written down.
    """
    if not text or len(text) > MAX_URL or text.startswith("-") or not text.isprintable() or " " in text:
        raise ValueError("must be a repository's address, such as `https://example.org/team/shop.git`")
    if text.startswith("/"):
        return GitUrl(text, "file", path=text)
    if "://" in text:
        return _full(text)
    short = _SCP.fullmatch(text)
    if short is None or "::" in text:
        raise ValueError("must be a whole address, such as `https://example.org/team/shop.git`")
    return _checked(GitUrl(text, "ssh", short["host"], short["user"] or "", short["path"]))


def parse_place(text: str) -> str:
    """An address everything at or below counts: also a host alone. Raises `ValueError`."""
    try:
        return parse_url(text).place
    except ValueError:
        return parse_url(f"{text.rstrip('/')}/x").place.removesuffix("x")


def parse_protocols(text: str) -> frozenset[str]:
    """The protocols an operator allows, as `https,ssh`; raises `ValueError` for one nobody knows."""
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    if unknown := words - set(PROTOCOLS):
        raise ValueError(f"must be some of {', '.join(PROTOCOLS)}, and {min(unknown)[:20]!r} is none")
    return words


def is_allowed(url: GitUrl, protocols: Collection[str]) -> bool:
    """Whether the operator lets workspaces reach for such an address."""
    return url.scheme in protocols


def _full(text: str) -> GitUrl:
    scheme = text.partition("://")[0]
    if not _WORD.fullmatch(scheme) or scheme not in PROTOCOLS:
        raise ValueError(f"must begin with one of {', '.join(f'{one}://' for one in PROTOCOLS)}")
    parts = urlsplit(text)
    if parts.password is not None or (scheme in {"http", "https"} and ":" in parts.netloc.rpartition("@")[0]):
        raise ValueError("must not carry a password: give it in `git-credentials.toml` of the data folder")
    if parts.query or parts.fragment:
        raise ValueError("must not have a `?` or `#`")
    if scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("must be `file:///` and an absolute path")
        return GitUrl(text, scheme, path=parts.path)
    host = parts.netloc.rpartition("@")[2]
    return _checked(GitUrl(text, scheme, host, parts.username or "", parts.path))


def _checked(url: GitUrl) -> GitUrl:
    name, _, port = url.host.rpartition(":") if re.search(r":\d{1,5}$", url.host) else (url.host, "", "")
    if not _HOST.fullmatch(name) or (port and not 0 < int(port) < 65536):
        raise ValueError("names no host")
    if url.user and not _USER.fullmatch(url.user):
        raise ValueError("names a user with signs that cannot be in one")
    if not url.path.strip("/") or url.path.startswith("-"):
        raise ValueError("names no repository on that host")
    if {".", ".."} & set(unquote(url.path).split("/")):
        # Servers and git itself resolve it: it would reach beside what a credential is for.
        raise ValueError("must not have `.` or `..` in its path")
    return url
