"""What a page asks for: its assets, and every address it names, as a browser would find them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from monitor.domain.prefix import css
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
    """The page's addresses in order, as written; never raises, whatever the text holds."""
    reader = _Reader()
    reader.feed(text)
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


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self._in_style = tag == "style"
        if tag == "base" and not self.page.base:
            self.page.base = given.get("href", "")
        self._assets(list(self._sources(tag, given)))
        if "style" in given:
            self._assets(list(css.addresses(given["style"])))
        self.page.addresses += [given[name] for name in ("href", "action", "formaction") if name in given]

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._assets(list(css.addresses(data)))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def _sources(self, tag: str, given: dict[str, str]) -> Iterator[str]:
        if tag == "link":
            if _LINKS & set(given.get("rel", "").lower().split()) and "href" in given:
                yield given["href"]
            return
        for name in _SOURCES.get(tag, ()):
            if name in given:
                yield from candidates(given[name]) if name == "srcset" else (given[name],)

    def _assets(self, found: list[str]) -> None:
        wanted = [url for url in found if not url.startswith(("#", "data:", "blob:", "javascript:"))]
        self.page.assets += wanted
        self.page.addresses += wanted
