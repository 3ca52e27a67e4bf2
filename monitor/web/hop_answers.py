"""Headers on their way through the hop, in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from multidict import CIMultiDict, CIMultiDictProxy

from monitor.domain.prefix import headers as prefixed
from monitor.domain.prefix.urls import Mount

_NOT_OURS = frozenset(
    {"connection", "keep-alive", "proxy-connection", "trailer", "transfer-encoding", "upgrade", "proxy-authenticate"}
)
_OF_OLD_BYTES = frozenset(
    {"content-length", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges", "last-modified"}
)
"""True only of the bytes as the app sent them."""

_MARK = '-slipway"'
_CHANGED_KINDS = ("text/html", "application/xhtml", "text/css")


def prepare_request(headers: CIMultiDict[str]) -> None:
    """Accept only encodings we can read; drop conditions on pages a visitor keeps from before they went this way."""
    accepted = headers.pop("Accept-Encoding", "")
    if "gzip" in accepted.lower():
        headers["Accept-Encoding"] = "gzip"
    tags = headers.pop("If-None-Match", "")
    ours = [tag.strip().replace(_MARK, '"') for tag in tags.split(",") if tag.strip().endswith(_MARK)]
    asks_for_page = any(kind in headers.get("Accept", "") for kind in _CHANGED_KINDS)
    if ours:
        headers["If-None-Match"] = ", ".join(ours)
    elif tags and not asks_for_page:
        headers["If-None-Match"] = tags
    if asks_for_page:
        headers.pop("If-Modified-Since", None)
        headers.pop("Range", None)


def headers(given: CIMultiDictProxy[str], mount: Mount, *, changes_body: bool, tls: bool) -> CIMultiDict[str]:
    """What the visitor gets: addresses and cookie paths below the prefix, nothing that speaks of other bytes.

    `tls`: the visitor came over https.
    """
    return CIMultiDict(_kept(given, mount, changes_body=changes_body, tls=tls))


def _kept(given: CIMultiDictProxy[str], mount: Mount, *, changes_body: bool, tls: bool) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        lower = name.lower()
        if lower in _NOT_OURS or (changes_body and lower in _OF_OLD_BYTES):
            continue
        if lower == "referrer-policy":
            yield name, prefixed.referrer_policy(value)
        elif lower == "content-security-policy" and not tls:
            yield name, prefixed.without_upgrade(value)
        elif lower == "etag":
            yield name, marked(value) if changes_body or _not_modified_page(given) else value
        else:
            yield name, prefixed.rewritten(name, value, mount)


def marked(tag: str) -> str:
    """An entity tag of ours for what we changed: weak, because the bytes differ."""
    weak = tag if tag.startswith("W/") else f"W/{tag}"
    return weak if weak.endswith(_MARK) else f"{weak[:-1]}{_MARK}"


def _not_modified_page(given: Mapping[str, str]) -> bool:
    return given.get("Content-Type", "").lower().startswith(_CHANGED_KINDS)
