"""The catalogue of runtimes: for each project type its folder, what Debian's base has, and what its commands see."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.launch import ProjectType, Source

TOOLS_PATH = 'export PATH="$PWD/.slipway/tools/bin:$PWD/.slipway/tools/node_modules/.bin:$PATH"'
"""Package managers a project brings itself are found before the runtime's own."""

OWN_PYTHON = (
    'export VIRTUAL_ENV="$PWD/.venv" PATH="$PWD/.venv/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1'
)
"""`python` is the project's, not that of a package manager which brings an environment of its own."""

GUNICORN = (
    'export FORWARDED_ALLOW_IPS="${FORWARDED_ALLOW_IPS-*}"'
    ' GUNICORN_CMD_ARGS="--config=$SLIPWAY_SHARED/prefix/gunicorn_conf.py ${GUNICORN_CMD_ARGS-}"'
)
"""Servers believe the router, which alone reaches them; gunicorn tells applications their prefix."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """One folder of `runtimes/`.

    `version` is what `debian:trixie-slim` gives, None without an interpreter. `prepare` is what
    every install of this type begins with, also one that installs nothing; `settle` ends an install.
    `tool_words` are shell words put before every command, `start_words` before the start command only
    (defaults, which a project's own environment beats).
    """

    folder: str
    port: int
    version: str | None = None
    source: Source = Source.COPY
    restart_on_edit: bool = True
    prepare: str | None = None
    settle: str | None = None
    tool_words: tuple[str, ...] = ()
    start_words: tuple[str, ...] = ()


CATALOGUE: dict[ProjectType, Runtime] = {
    ProjectType.NODE: Runtime(
        "node", 3000, "20", settle="slipway-node", tool_words=(TOOLS_PATH,),
        start_words=('export NODE_ENV="${NODE_ENV:-production}"',),
    ),
    ProjectType.PYTHON: Runtime(
        "python", 8000, "3.13", prepare="python3 -m venv .venv", tool_words=(TOOLS_PATH, OWN_PYTHON),
        start_words=("export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1", GUNICORN),
    ),
    ProjectType.PHP: Runtime("php", 8080, "8.4", Source.DIRECT, restart_on_edit=False),
    ProjectType.GO: Runtime("go", 8080, "1.24"),
    ProjectType.RUBY: Runtime(
        "ruby", 9292, "3.3",
        tool_words=('export RACK_ENV="${RACK_ENV:-production}" RAILS_ENV="${RAILS_ENV:-production}"',
                    'export SECRET_KEY_BASE="${SECRET_KEY_BASE:-$(od -An -tx1 -N32 /dev/urandom | tr -d " \\n")}"'),
    ),
    ProjectType.STATIC: Runtime("static", 8080, None, Source.DIRECT, restart_on_edit=False),
}  # fmt: skip
"""Compose and unknown folders have no runtime of ours."""


def as_typed(command: str) -> str:
    """A command of a launch spec as a person would type it, without the words that are put before every one."""
    for words in dict.fromkeys(word for runtime in CATALOGUE.values() for word in runtime.tool_words):
        command = command.replace(f"{words}; ", "")
    return command
