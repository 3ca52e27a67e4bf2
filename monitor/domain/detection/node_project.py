"""A Node project as the rules see it, and what they answer with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_packages import Manager, dependencies
from monitor.domain.detection.node_source import fixed_port
from monitor.domain.detection.start import Start


@dataclass(frozen=True, slots=True)
class Project:
    """The parts of a Node project every rule below looks at."""

    facts: Facts
    package: dict[str, Any]
    names: frozenset[str]
    scripts: dict[str, str]
    manager: Manager


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is served: `start`, or the folder `output` through the static server.

    `member` is the folder of a monorepo whose app this is, "" for the project itself.
    """

    start: Start
    build: str | None = None
    output: str | None = None
    spa: bool = False
    member: str = ""


LIBRARIES = (
    *("express", "fastify", "koa", "hono", "@hapi/hapi", "@nestjs/core", "restify", "polka", "@feathersjs/feathers"),
    *("elysia", "@adonisjs/core", "sails", "@strapi/strapi", "moleculer", "micro", "json-server", "h3"),
    *("socket.io", "ws"),
)
"""Server libraries, named for people; the first that is there."""


SERVERS = tuple(name.removeprefix("@").partition("/")[0] for name in LIBRARIES)


def library(project: Project) -> str | None:
    return next((short for name, short in zip(LIBRARIES, SERVERS, strict=True) if name in project.names), None)


BUILDS = ("build", "build:prod", "build:production", "heroku-postbuild", "docs:build")


def build_of(project: Project) -> str | None:
    for name in BUILDS:
        if name in project.scripts and not placeholder(project.scripts[name]):
            return project.manager.run(name)
    return None


def by_npx(command: str | None) -> str | None:
    return f"npx {command}" if command else None


def script_file(facts: Facts, script: str) -> str | None:
    """The source file a script runs, where it can be seen."""
    found = re.findall(r"(?:^|\s)(?:\./)?([\w][\w./-]*?)(?:\.(?:js|mjs|cjs|ts))?(?=\s|$)", script)
    ends = ("", ".js", ".mjs", ".cjs", ".ts", "/index.js", "/index.ts")
    return next((f"{name}{end}" for name in reversed(found) for end in ends if facts.has(f"{name}{end}")), None)


def port_of(project: Project, path: str | None) -> int | None:
    return fixed_port(project.facts, path)


def placeholder(script: str) -> bool:
    return bool(re.match(r"echo\b", script)) and "&&" not in script.replace("&& exit 1", "")


def is_monorepo(project: Project) -> bool:
    """Whether the root's package.json (or pnpm's file) declares member packages."""
    return "workspaces" in project.package or project.facts.has("pnpm-workspace.yaml")


def own_package(facts: Facts, path: str) -> str | None:
    """The folder around `path`, below the project's own, that has dependencies of its own; None where none has."""
    folder = path.rpartition("/")[0]
    while folder:
        if dependencies(facts.json(f"{folder}/package.json")):
            return folder
        folder = folder.rpartition("/")[0]
    return None
