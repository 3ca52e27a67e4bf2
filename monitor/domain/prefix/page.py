"""What a page asks for: its assets, and every address it names, as a browser would find them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monitor.domain.prefix import css
from monitor.domain.prefix.html import ATTRIBUTE, PageRewriter, Rewrite
from monitor.domain.prefix.urls import Mount, referred

_LINKS = frozenset(
    {"stylesheet", "icon", "apple-touch-icon", "preload", "modulepreload", "manifest", "mask-icon", "shortcut"}
)
_SOURCES = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "embed": ("src",),
    "input": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}


@dataclass(slots=True)
class Page:
    """One page: `base` is its `<base href>`; `assets` are fetched with it, `addresses` are all it names."""

    base: str = ""
    assets: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def read_page(text: str) -> Page:
    """The page's addresses in order, as written; never raises and takes linear time, whatever the text holds."""
    reader = _Reader()
    reader.feed(text.encode("utf-8", "replace"))
    reader.close()
    return reader.page


def strays(page: Page, mount: Mount) -> bool:
    """Whether a page names anything of its own outside the prefix."""
    based = bool(page.base) and mount.public(page.base) != page.base
    return based or bool(referred([*page.assets, *page.addresses], mount))


def candidates(value: str) -> Iterator[str]:
    """The addresses of a `srcset`."""
    for part in value.split(", "):
        if words := part.strip(" ,").split():
            yield words[0]


class _Reader(PageRewriter):
    """Sees every start tag and every style as the rewriter does, and notes their addresses."""

    def __init__(self) -> None:
        super().__init__(Mount("/"))
        self.page = Page()

    def _tag(self, found: re.Match[str]) -> str:
        pairs = ((m[1].lower(), _value(m[3])) for m in ATTRIBUTE.finditer(found[2]))
        given = {name: value for name, value in pairs if value}
        tag = found[1].lower()
        if tag == "base" and not self.page.base:
            self.page.base = given.get("href", "")
        self._assets(self._sources(tag, given))
        if "style" in given:
            self._assets(css.addresses(given["style"]))
        self.page.addresses += [given[name] for name in ("href", "action", "formaction") if name in given]
        return super()._tag(found)

    def _inline_rewrite(self, name: str, given: dict[str, str]) -> Rewrite | None:
        return self._noted if name == "style" else None

    def _noted(self, text: str) -> str:
        self._assets(css.addresses(text))
        return text

    def _sources(self, tag: str, given: dict[str, str]) -> Iterator[str]:
        if tag == "link":
            if _LINKS & set(given.get("rel", "").lower().split()) and "href" in given:
                yield given["href"]
            return
        for name in _SOURCES.get(tag, ()):
            if name in given:
                yield from candidates(given[name]) if name == "srcset" else (given[name],)

    def _assets(self, found: Iterable[str]) -> None:
        wanted = [url for url in found if not url.startswith(("#", "data:", "blob:", "javascript:"))]
        self.page.assets += wanted
        self.page.addresses += wanted


def _value(text: str) -> str:
    plain = text[1:-1] if text[0] in "\"'" else text
    return html.unescape(plain.encode("latin-1", "replace").decode("utf-8", "replace"))
