"""Every framework the rules know by name, by type of project: what the README lists and tests compare."""

from __future__ import annotations

from monitor.domain.detection import go, node_frameworks, php
from monitor.domain.detection.node_project import LIBRARIES
from monitor.domain.detection.python_known import CONSTRUCTORS
from monitor.domain.detection.python_tools import RUNNERS
from monitor.domain.detection.ruby import RACK
from monitor.domain.launch import ProjectType

_NODE_RULES = (
    *(
        "next",
        "nuxt",
        "react-router",
        "remix",
        "astro",
        "sveltekit",
        "tanstack-start",
        "solid-start",
        "nitro",
        "qwik",
        "vike",
    ),
    *("angular", "analog", "nest", "vitepress", "vuepress", "vite", "nx"),
)


def _names(names: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for name in names)) if isinstance(names, list | tuple) else ()


KNOWN: dict[ProjectType, tuple[str, ...]] = {
    ProjectType.NODE: _names(
        [
            *_NODE_RULES,
            *(framework for _, framework, *_ in node_frameworks.SIMPLE),
            *(name.removeprefix("@").partition("/")[0] for name in LIBRARIES if name != "@nestjs/core"),
        ]
    ),
    ProjectType.PYTHON: _names(
        ["django", *(kind for kind, _ in CONSTRUCTORS.values()), "pyramid", "cherrypy", *RUNNERS, "nicegui", "mkdocs"]
    ),
    ProjectType.PHP: _names(list(php.FRAMEWORKS.values())),
    ProjectType.GO: _names([name for _, name in go.FRAMEWORKS]),
    ProjectType.RUBY: ("rails", *RACK, "rack", "jekyll", "middleman"),
}
"""Of a type that is not here nothing is known but the type."""
