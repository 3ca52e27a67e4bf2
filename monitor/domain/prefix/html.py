"""Addresses in a page, put below the prefix while it streams through: no page is held back as a whole.

Bytes are read as latin-1, one character a byte, so that every encoding which writes ASCII as ASCII survives.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from monitor.domain.prefix import css, inline
from monitor.domain.prefix.headers import refresh
from monitor.domain.prefix.urls import Mount, srcset

HELD = 256 * 1024
"""A tag or an inline script longer than this goes through as it is."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>\"']+)")
_BEGINS = re.compile(r"<(?:/?[a-zA-Z]|!-?$|!d|/?$)", re.IGNORECASE)
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
_URLS = frozenset({"href", "src", "action", "formaction", "poster", "background", "manifest", "xlink:href"}) | {
    f"hx-{verb}" for verb in ("get", "post", "put", "patch", "delete")
}

_ELSEWHERE = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)

Rewrite = Callable[[str], str]


def may_change_inline(policy: str) -> bool:
    """Whether inline scripts and styles may change under a Content-Security-Policy: not where it has their hashes."""
    return not re.search(r"'sha(256|384|512)-", policy, re.IGNORECASE)


class PageRewriter:
    """Rewrites one page: `feed` its bytes in pieces, then `close`; each returns what may be sent on.

    `shim` is put in as the first script of a whole page, never into a fragment. `inline`: the text of inline module
    scripts, import maps and styles may change.
    """

    def __init__(self, mount: Mount, *, shim: str = "", inline: bool = True) -> None:
        self._mount = mount
        self._shim = shim
        self._inline = inline
        self._whole = False
        self._buffer = ""
        self._raw: re.Pattern[str] | None = None
        self._rewrite: Rewrite | None = None

    def feed(self, data: bytes) -> bytes:
        self._buffer += data.decode("latin-1")
        return self._pass(last=False)

    def close(self) -> bytes:
        return self._pass(last=True)

    def _pass(self, *, last: bool) -> bytes:
        out: list[str] = []
        at, waits = 0, False
        while at < len(self._buffer) and not waits:
            at, waits = (self._inside if self._raw else self._outside)(at, out, last)
        self._buffer = self._buffer[at:]
        return "".join(out).encode("latin-1", "xmlcharrefreplace")

    def _outside(self, at: int, out: list[str], last: bool) -> tuple[int, bool]:
        """Text up to the next tag and the tag itself; where it goes on, and whether that needs more first."""
        text = self._buffer
        start = text.find("<", at)
        start = len(text) if start < 0 else start
        out.append(text[at:start])
        if start == len(text):
            return start, False
        found = _TAG.match(text, start)
        if found:
            out.append(self._tag(found))
            return found.end(), False
        if text.startswith("<!--", start):
            end = text.find("-->", start)
        else:
            end = -2 if _BEGINS.match(text, start) else start - 2
        if end < 0 and not last and len(text) - start < HELD:
            return start, True
        self._whole = self._whole or text[start : start + 9].lower() == "<!doctype"
        end = max(end + 3, start + 1)
        out.append(text[start:end])
        return end, False

    def _inside(self, at: int, out: list[str], last: bool) -> tuple[int, bool]:
        """The text of an element that holds no tags, up to its end tag."""
        assert self._raw is not None
        text = self._buffer
        end = self._raw.search(text, at)
        if end is None and not last:
            if self._rewrite is not None and len(text) - at < HELD:
                return at, True
            self._rewrite = None
            safe = max(at, len(text) - 16)
            out.append(text[at:safe])
            return safe, True
        stop = end.start() if end else len(text)
        out.append(self._rewrite(text[at:stop]) if self._rewrite else text[at:stop])
        self._raw = self._rewrite = None
        return stop, False

    def _tag(self, found: re.Match[str]) -> str:
        if found[1]:
            return found[0]
        name = found[2].lower()
        given = {m[1].lower(): m[3].strip("\"'") for m in _ATTRIBUTE.finditer(found[3])}
        tag = f"<{found[2]}{self._attributes(name, found[3], given)}>"
        if name == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self._inline = self._inline and may_change_inline(given.get("content", ""))
        if name in _RAW and not found[3].endswith("/"):
            self._raw = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
            self._rewrite = self._inline_rewrite(name, given)
        return self._with_shim(name, tag)

    def _with_shim(self, name: str, tag: str) -> str:
        self._whole = self._whole or name in {"html", "head"}
        if not self._shim or not self._whole or name == "html":
            return tag
        shim, self._shim = self._shim, ""
        return tag + shim if name == "head" else shim + tag

    def _inline_rewrite(self, name: str, given: dict[str, str]) -> Rewrite | None:
        if not self._inline:
            return None
        if name == "style":
            return lambda text: css.rewritten(text, self._mount)
        kind = given.get("type", "").lower() if name == "script" else ""
        if kind == "importmap":
            return lambda text: inline.import_map(text, self._mount)
        return (lambda text: inline.module(text, self._mount)) if kind == "module" and "src" not in given else None

    def _attributes(self, tag: str, text: str, given: dict[str, str]) -> str:
        refreshes = tag == "meta" and given.get("http-equiv", "").lower() == "refresh"
        changed = False

        def put(found: re.Match[str]) -> str:
            nonlocal changed
            quote = found[3][0] if found[3][0] in "\"'" else ""
            value = found[3].strip(quote) if quote else found[3]
            rewrite = self._of_attribute(tag, found[1].lower(), refreshes=refreshes)
            new = rewrite(value) if rewrite and value else value
            if new == value:
                return found[0]
            changed = True
            return f"{found[1]}{found[2]}{quote}{new}{quote}"

        new = _ATTRIBUTE.sub(put, text)
        sheet = tag == "link" and "stylesheet" in given.get("rel", "").lower()
        if sheet and "integrity" in given and (changed or not _ELSEWHERE.match(given.get("href", ""))):
            # Its own addresses are put right on the way, so its bytes are no longer those that were hashed.
            new = re.sub(r"\s+integrity\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", "", new, flags=re.IGNORECASE)
        return new

    def _of_attribute(self, tag: str, name: str, *, refreshes: bool) -> Rewrite | None:
        if name in _URLS or (name == "data" and tag == "object"):
            return self._mount.attribute
        if name in {"srcset", "imagesrcset"}:
            return lambda value: srcset(value, self._mount)
        if name == "style":
            return lambda value: css.rewritten(value, self._mount)
        return (lambda value: refresh(value, self._mount)) if refreshes and name == "content" else None
