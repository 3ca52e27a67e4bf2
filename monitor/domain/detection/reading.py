"""Which texts detection must see: manifests and a few sources, bounded in size and number."""

from __future__ import annotations

import re

from monitor.domain.tree import Kind, Tree

MAX_BYTES = 256 * 1024
"""Larger files are not read: no manifest is that long, and nobody's start file is."""
MAX_TEXTS = 96
"""At most this many texts per folder: manifests first, then what lies highest."""
MAX_DEPTH = 4

MANIFESTS = frozenset(
    {
        *(
            "package.json",
            ".nvmrc",
            ".node-version",
            ".npmrc",
            ".yarnrc.yml",
            "pnpm-workspace.yaml",
            "pnpm-lock.yaml",
            "yarn.lock",
            "project.json",
        ),
        *("angular.json", "lerna.json", "turbo.json", "deno.json", "nest-cli.json"),
        *(
            "requirements.txt",
            "pyproject.toml",
            "mkdocs.yml",
            "environment.yml",
            "environment.yaml",
            "Pipfile",
            "setup.py",
            "setup.cfg",
            "runtime.txt",
            ".python-version",
        ),
        *("manage.py", "composer.json", "artisan", ".php-version", "go.mod", "go.work", ".go-version"),
        *("Gemfile", "Gemfile.lock", "gems.rb"),
        *(".ruby-version", "config.ru", "_config.yml", "Procfile", ".tool-versions", "mise.toml", ".mise.toml"),
        *(
            "Dockerfile",
            "railway.json",
            "railway.toml",
            "nixpacks.toml",
            "render.yaml",
            "compose.yaml",
            "compose.yml",
            "docker-compose.yaml",
            "docker-compose.yml",
            "Staticfile",
            "_redirects",
            "netlify.toml",
            "vercel.json",
            "firebase.json",
            ".yarnrc",
        ),
    }
)
"""Read wherever they lie, at most two folders down."""
PATTERNS = re.compile(
    r"(^|/)(requirements[\w.-]*/?[\w.-]*\.(txt|in)|(vite|next|nuxt|astro|svelte|vue|react-router|remix|eleventy|rspress|docusaurus)\.config\.[cm]?[jt]s|\.eleventy\.js)$"
)
SOURCES = re.compile(r"\.(py|m?js|cjs|ts|mts|rb|go|php)$")
DATA = re.compile(
    r"(^|/)(production\.ini|development\.ini|config/database\.yml|config/storage\.yml|prisma/schema\.prisma"
    r"|(\.env|env|\.env\.local)\.example|\.env\.(sample|template|dist))$|^([^/]+/)?index\.html$"
)
NEVER = re.compile(
    r"(^|/)(node_modules|vendor|\.git|\.venv|venv|env|site-packages|__pycache__|dist|build|\.next|\.nuxt|tests?"
    r"|__tests__|spec|migrations"
    r"|locale|fixtures|docs?|examples?|assets|static|public|\.?storybook)/"
)


def wanted(path: str) -> bool:
    """Whether detection may ask for the text of `path` (relative, `/` between segments), whatever its size."""
    depth = path.count("/")
    if depth > MAX_DEPTH:
        return False
    name = path.rpartition("/")[2]
    if name in MANIFESTS:
        return depth <= 2 and not re.search(r"(^|/)(node_modules|vendor|\.git|\.venv)/", path)
    if NEVER.search(path):
        return path == "public/index.php"
    return bool(PATTERNS.search(path) or SOURCES.search(path) or DATA.search(path))


def wanted_paths(tree: Tree) -> tuple[str, ...]:
    """The paths of `tree` whose texts to read for `detect`: at most `MAX_TEXTS`, each at most `MAX_BYTES` long."""
    chosen = [
        entry.path for entry in tree if entry.kind is Kind.FILE and entry.size <= MAX_BYTES and wanted(entry.path)
    ]
    return tuple(sorted(chosen, key=_rank)[:MAX_TEXTS])


ENTRY_NAMES = re.compile(
    r"(^|/)(app|main|server|index|wsgi|asgi|api|run|manage|settings|__init__|__main__|application|bot|streamlit_app)\.\w+$"
)


def _rank(path: str) -> tuple[int, int, str]:
    depth = path.count("/")
    name = path.rpartition("/")[2]
    if name in MANIFESTS:
        return (0, depth, path)
    if PATTERNS.search(path) or DATA.search(path):
        return (1, depth, path)
    return (2, depth + (0 if ENTRY_NAMES.search(path) else 1), path)
