"""A container plan as compose text: true, and usable by hand with `docker compose -f … up -d`.

Every value is written as a quoted string of plain ASCII with `$` doubled, because Compose would
otherwise replace `$NAME` by the caller's environment.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable

from jinja2 import Environment, StrictUndefined, Template

from monitor.domain.container import LOG_OPTIONS, ContainerPlan, Mount, MountKind

TEMPLATE = "workspace.yaml.j2"
_COMPOSE_OWN = "com.docker.compose."
_ODD = re.compile(r"[^ -~\n]")


def quoted(value: object) -> str:
    """One scalar as Compose must read it: text quoted and `$`-escaped, numbers and booleans plain."""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return in_ascii(json.dumps(str(value).replace("$", "$$"), ensure_ascii=False))


def in_ascii(text: str) -> str:
    """JSON with every other character written as YAML's own escape; line ends stand."""
    return _ODD.sub(_escaped, text)


def compose_text(plan: ContainerPlan, template: str) -> str:
    """Given a plan and the template's text, return the compose file's.

    Compose's own labels are left out: it writes them itself, from the same project and service names.
    """
    return _compiled(template).render(
        plan=plan,
        user=f"{plan.user[0]}:{plan.user[1]}",
        labels=_foreign(plan.labels),
        network_labels=_foreign(plan.network.labels),
        log_options=LOG_OPTIONS,
        tmpfs=[f"{target}:{options}" for target, options in plan.tmpfs],
        volumes=[(mount, _foreign(mount.labels)) for mount in _volumes(plan.mounts)],
    )


@functools.lru_cache(maxsize=4)
def _compiled(template: str) -> Template:
    environment = Environment(  # the output is YAML, where `quoted` escapes every value
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    environment.filters["q"] = quoted
    return environment.from_string(template)


def _escaped(found: re.Match[str]) -> str:
    """As YAML writes it: unlike JSON it has no pairs of surrogates."""
    code = ord(found.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _foreign(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if not name.startswith(_COMPOSE_OWN)]


def _volumes(mounts: Iterable[Mount]) -> list[Mount]:
    return [mount for mount in mounts if mount.kind is MountKind.VOLUME]
