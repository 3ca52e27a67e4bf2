"""Templates: small projects to begin with, each one text.

First `title:`, `type:` and `about:` lines, then each file below a line `=== its/path`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MARK = "=== "
HEAD = ("title", "type", "about")


@dataclass(frozen=True, slots=True)
class Template:
    """`files`: path → text. `type` is the project type it is taken for."""

    id: str
    title: str
    type: str
    about: str
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "type": self.type,
            "about": self.about,
            "files": sorted(self.files),
        }


def read_template(name: str, text: str) -> Template:
    """Raises `ValueError`: templates are ours, and a wrong one is a defect."""
    head, *parts = f"\n{text}".split(f"\n{MARK}")
    said = dict(line.split(": ", 1) for line in head.strip().splitlines())
    if tuple(said) != HEAD or not parts:
        raise ValueError(f"the template {name} begins with {', '.join(HEAD)}, then its files")
    files = dict(part.split("\n", 1) for part in parts)
    return Template(name, **said, files={path: f"{content.rstrip()}\n" for path, content in files.items()})
