"""Secrets a workspace was given, taken out of what it prints before anybody sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"SECRET|TOKEN|PASS(WORD|WD|PHRASE)?|PWD|API_?KEY|ACCESS_?KEY|PRIVATE|CREDENTIAL|AUTH|SIGNING|SALT|DSN|_KEY$|^KEY$",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"://[^/\s:@]*:(?P<secret>[^/\s@]{3,})@")
_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"
    r"(?:'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\r\n]*))",
    re.MULTILINE,
)
_SHORTEST = 6
_MOST = 200


def secrets_of(variables: Mapping[str, str], texts: Iterable[str] = ()) -> frozenset[str]:
    """Values worth hiding: those whose name says so, and passwords inside addresses.

    `texts` are `.env` files. Short ones stay: hiding each `1` would make a log unreadable.
    """
    pairs = [*variables.items(), *(pair for text in texts for pair in _pairs(text))]
    found: list[str] = []
    for name, value in pairs:
        found += [value] if _SECRET_NAME.search(name) else []
        found += [match["secret"] for match in _IN_URL.finditer(value)]
    lines = (line for value in found for line in value.splitlines())
    return frozenset([line.strip() for line in lines if len(line.strip()) >= _SHORTEST][:_MOST])


class Redactor:
    """Takes secrets out of lines; one without secrets costs nothing."""

    def __init__(self, secrets: frozenset[str] = frozenset()) -> None:
        self.secrets = secrets
        longest_first = sorted(secrets, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, longest_first))) if secrets else None

    def line(self, text: str) -> str:
        return self._any.sub(HIDDEN, text) if self._any else text

    def lines(self, texts: Iterable[str]) -> list[str]:
        return [self.line(text) for text in texts]


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for line in _LINE.finditer(text):
        plain = re.sub(r"\s+#.*$", "", line["plain"] or "").strip()
        yield line["name"], line["single"] or (line["double"] or "").replace("\\n", "\n") or plain
