"""One value of a compose document with the place it stands at: every reading is checked, every refusal says where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from monitor.domain.compose_policy.verdicts import Kind, Table
from monitor.domain.config_text import Document
from monitor.errors import Refused

MOST_TEXT = 32 * 1024


class NotAllowed(Refused):
    """The folder's own description of how it runs asks for what is not given here; only an edit helps.

    `path` is the key it is about, `services.web.privileged`.
    """

    reason = "not-allowed"

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


@dataclass(frozen=True, slots=True)
class At:
    """`value`, which stands at `path` of `document`."""

    document: Document
    value: Any
    path: tuple[str | int, ...] = ()

    @property
    def name(self) -> str:
        """The path as a person writes it: `services.web.ports[0]`."""
        text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path).lstrip(".")
        return text if len(text) <= 120 and text.isprintable() else repr(text[:120])

    def refuse(self, why: str, hint: str = "") -> NoReturn:
        line = self.document.place(self.path, key=True).line
        about = f"`{self.name}` " if self.path else ""
        raise NotAllowed(f"{self.document.file}, line {line}: {about}{why}", path=self.name, hint=hint)

    def at(self, key: str | int) -> At:
        """What stands below; a missing key is None."""
        inner = self.value.get(key) if isinstance(self.value, dict) else self.value[key]
        return At(self.document, inner, (*self.path, key))

    def keys(self, table: Table) -> Iterator[At]:
        """The allowed keys of a table that are there. Refuses what the table refuses or does not know."""
        for key, below in self.table():
            verdict = table.get(key)
            if verdict is None and not key.startswith("x-"):
                known = ", ".join(sorted(name for name, one in table.items() if one.kind is not Kind.REFUSE))
                below.refuse("is not a key Slipway knows here", f"keys that are: {known}")
            if verdict is not None and verdict.kind is Kind.REFUSE and below.value is not False:
                below.refuse(f"is not allowed: {verdict.why}", verdict.hint)
            if verdict is not None and verdict.kind is Kind.ALLOW:
                yield below

    def table(self) -> Iterator[tuple[str, At]]:
        if not isinstance(self.value, dict):
            self.refuse("must be a table of keys")
        return ((key, self.at(key)) for key in self.value)

    def items(self) -> Iterator[At]:
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        return (self.at(index) for index in range(len(self.value)))

    def text(self) -> str:
        """Text; numbers and switches are taken as they are written."""
        value = self.value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str):
            self.refuse("must be text")
        if "\0" in value or len(value) > MOST_TEXT:
            self.refuse("holds a NUL character or is too long")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            self.refuse("is not Unicode text")
        return value

    def flag(self) -> bool:
        """true or false, also as text (a variable may have been filled in)."""
        words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False}
        known = {**words, "0": False, "": False}
        found = known.get(self.text().lower())
        if found is None:
            self.refuse("must be true or false")
        return found

    def number(self, least: int, most: int) -> int:
        try:
            found = int(self.text(), 10)
        except ValueError:
            self.refuse("must be a whole number")
        if not least <= found <= most:
            self.refuse(f"must be between {least} and {most}")
        return found

    def one_of(self, words: Sequence[str]) -> str:
        found = self.text()
        if found not in words:
            self.refuse(f"must be {' or '.join(f'`{word}`' for word in words)}")
        return found
