"""Addresses in a page, put below the prefix while it streams through: no page is held back as a whole.

Bytes are read as latin-1, one character a byte, so that every encoding which writes ASCII as ASCII survives.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from monitor.domain.prefix import css, inline
from monitor.domain.prefix.headers import refresh
from monitor.domain.prefix.urls import Mount, srcset

HELD = 128 * 1024
"""A tag or an inline script longer than this goes through as it is."""

_NEXT = re.compile(r"<(?:[a-z]|!--|!(?:d|-?\Z)|\Z)", re.IGNORECASE)
_TAG = re.compile(r"<([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>\"']+)")
_INTEGRITY = re.compile(r"\s+integrity\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
_READ = frozenset({"script", "link", "meta"})
"""Tags of which several attributes decide together."""
_URLS = frozenset({"href", "src", "action", "formaction", "poster", "background", "manifest", "xlink:href"}) | {
    f"hx-{verb}" for verb in ("get", "post", "put", "patch", "delete")
}
_INTERESTING = re.compile(
    r"(?:href|src|action|poster|background|manifest|srcset|style|content|data|hx-\w+)\s*=", re.IGNORECASE
)
_COMMENT_ENDS = re.compile("-->")

Rewrite = Callable[[str], str]


def may_change_inline(policy: str) -> bool:
    """Whether inline scripts and styles may change under a Content-Security-Policy: not where it has their hashes."""
    return not re.search(r"'sha(256|384|512)-", policy, re.IGNORECASE)


class PageRewriter:
    """Rewrites one page: `feed` its bytes in pieces, then `close`; each returns what may be sent on.

    `shim` is put in as the first script of a whole page, never into a fragment. `inline`: the text of inline module
    scripts, import maps and styles may change. The time taken is linear in the page, whatever it holds.
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
        """Text up to the next start tag and the tag itself; where it goes on, and whether that needs more first."""
        text = self._buffer
        found = _NEXT.search(text, at)
        if found is None:
            out.append(text[at:])
            return len(text), False
        start = found.start()
        out.append(text[at:start])
        more = not last and len(text) - start < HELD
        if found[0][1:2].isalpha():
            return self._at_tag(start, out, more=more)
        if found[0] == "<!--":
            return self._at_comment(start, out, more=more)
        if more and len(text) - start < len("<!doctype"):
            return start, True
        self._whole = self._whole or text[start : start + 9].lower() == "<!doctype"
        out.append(text[start : start + 2])
        return min(start + 2, len(text)), False

    def _at_tag(self, start: int, out: list[str], *, more: bool) -> tuple[int, bool]:
        found = _TAG.match(self._buffer, start)
        if found:
            out.append(self._tag(found))
            return found.end(), False
        if more:
            return start, True
        out.append(self._buffer[start:])
        return len(self._buffer), False

    def _at_comment(self, start: int, out: list[str], *, more: bool) -> tuple[int, bool]:
        end = self._buffer.find("-->", start + 2)
        if end < 0 and more:
            return start, True
        if end < 0:
            self._raw, end = _COMMENT_ENDS, start + 1
        out.append(self._buffer[start : end + 3])
        return end + 3, False

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
        name, text = found[1].lower(), found[2]
        given = {m[1].lower(): m[3].strip("\"'") for m in ATTRIBUTE.finditer(text)} if name in _READ else {}
        if "integrity" in given or (("/" in text or "&" in text) and _INTERESTING.search(text)):
            tag = f"<{found[1]}{self._attributes(name, text, given)}>"
        else:
            tag = found[0]
        if name == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self._inline = self._inline and may_change_inline(given.get("content", ""))
        if name in _RAW and not text.endswith("/"):
            self._raw = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
            self._rewrite = self._inline_rewrite(name, given)
        return self._with_shim(name, tag) if self._shim else tag

    def _with_shim(self, name: str, tag: str) -> str:
        self._whole = self._whole or name in {"html", "head"}
        if not self._whole or name == "html":
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

        def put(found: re.Match[str]) -> str:
            name, value = found[1].lower(), found[3]
            quote = value[0] if value[0] in "\"'" else ""
            plain = value[1:-1] if quote else value
            new = self._value(tag, name, plain, refreshes=refreshes) if plain else plain
            return found[0] if new == plain else f"{found[1]}{found[2]}{quote}{new}{quote}"

        new = ATTRIBUTE.sub(put, text)
        sheet = "integrity" in given and "stylesheet" in given.get("rel", "").lower()
        if sheet and (new != text or not _ELSEWHERE.match(given.get("href", ""))):
            # Its own addresses are put right on the way, so its bytes are no longer those that were hashed.
            new = _INTEGRITY.sub("", new)
        return new

    def _value(self, tag: str, name: str, value: str, *, refreshes: bool) -> str:
        if name in _URLS or (name == "data" and tag == "object"):
            return self._mount.attribute(value)
        if name in {"srcset", "imagesrcset"}:
            return srcset(value, self._mount)
        if name == "style":
            return css.rewritten(value, self._mount)
        return refresh(value, self._mount) if refreshes and name == "content" else value
