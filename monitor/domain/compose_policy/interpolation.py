"""`${NAME}` in a user's compose file, replaced from a mapping that is given and from nowhere else.

The forms of the compose specification: `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME?message}`, `${NAME+instead}`,
the same with `:` (an empty value counts as unset), and `$$` for a dollar sign. Defaults may hold the same forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST = 64 * 1024
"""Characters one value may grow to."""
_NESTED = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[^$]+")
_BRACED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<how>:?[-?+])?")


class Unreadable(ValueError):
    """The text cannot be interpolated; the message says why."""


class Required(Unreadable):
    """`${NAME?message}` of a variable that is not set."""


@dataclass(slots=True)
class Interpolation:
    """Replaces variables by `values`; `missing` collects the names that were unset and became empty."""

    values: Mapping[str, str]
    missing: dict[str, None] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """`text` with everything replaced. Raises `Unreadable`."""
        if "$" not in text:
            return text
        found, end = self._until(text, 0, "", 0)
        assert end == len(text)
        return found

    def _until(self, text: str, at: int, stop: str, depth: int) -> tuple[str, int]:
        """Everything from `at` up to an unescaped `stop`, replaced, and where that stands."""
        if depth > _NESTED:
            raise Unreadable("`${` is nested too deeply")
        parts: list[str] = []
        length = 0
        while at < len(text) and text[at] != (stop or None):
            part, at = self._dollar(text, at, depth) if text[at] == "$" else _plain(text, at, stop)
            parts.append(part)
            length += len(part)
            if length > MOST:
                raise Unreadable("it becomes too long once its variables are filled in")
        return "".join(parts), at

    def _dollar(self, text: str, at: int, depth: int) -> tuple[str, int]:
        if text.startswith("$$", at):
            return "$", at + 2
        if text.startswith("${", at):
            return self._braced(text, at + 2, depth)
        name = _NAME.match(text, at + 1)
        if name is None:
            raise Unreadable(f"`{text[at : at + 20]}` names no variable; write `$$` for a dollar sign")
        return self._plain(name[0]), name.end()

    def _braced(self, text: str, at: int, depth: int) -> tuple[str, int]:
        head = _BRACED.match(text, at)
        if head is None:
            raise Unreadable(f"`${{{text[at : at + 20]}` names no variable; write `$$` for a dollar sign")
        start, how = head.end(), head["how"]
        # What is not used may hold what cannot be replaced, as in every shell.
        used = how is not None and _uses_word(how, self.values.get(head["name"]))
        inner: Interpolation | _Skipping = self if used else _Skipping()
        word, end = inner._until(text, start, "}", depth + 1)
        if end >= len(text):
            raise Unreadable(f"`${{{head['name']}` is not closed")
        if how is None and word + text[start:end]:
            raise Unreadable(f"`${{{text[at:end][:40]}}}` is not a form of variable that compose knows")
        return self._chosen(head["name"], how, word), end + 1

    def _chosen(self, name: str, how: str | None, word: str) -> str:
        value = self.values.get(name)
        if how is None:
            return self._plain(name)
        if not _uses_word(how, value):
            return "" if how.endswith("+") else value or ""
        if how.endswith("?"):
            raise Required(f"the variable {name} is not set: {word or 'it is required'}")
        return word

    def _plain(self, name: str) -> str:
        if name not in self.values:
            self.missing[name] = None
        return self.values.get(name, "")


class _Skipping(Interpolation):
    """Reads over a word that is not used."""

    def __init__(self) -> None:
        super().__init__({})

    def _chosen(self, name: str, how: str | None, word: str) -> str:
        return ""


def _uses_word(how: str, value: str | None) -> bool:
    is_set = bool(value) if how.startswith(":") else value is not None
    return is_set if how.endswith("+") else not is_set


def _plain(text: str, at: int, stop: str) -> tuple[str, int]:
    found = (_PLAIN if not stop else _STOPPED).match(text, at)
    assert found is not None
    return found[0], found.end()


_STOPPED = re.compile(r"[^$}]+")
