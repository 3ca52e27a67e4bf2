"""The templates a new workspace can begin with: `NAME.txt` beside this file, the simplest first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.domain.creating.templates import Template, read_template

ORDER = ("page", "node", "python", "php", "go", "ruby")


def shipped_templates() -> Mapping[str, Template]:
    """By id, in the order they are offered."""
    here = Path(__file__).parent
    return {name: read_template(name, (here / f"{name}.txt").read_text("utf-8")) for name in ORDER}
