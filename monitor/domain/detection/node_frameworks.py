"""Front-end and full-stack frameworks of Node: what they build, where, and what serves it."""

from __future__ import annotations

import re
from typing import Any

from monitor.domain.detection.facts import Facts, table, word
from monitor.domain.detection.node_built import Built, Rule, config, named
from monitor.domain.detection.node_output import output_of
from monitor.domain.detection.node_servers import adonis, nitro_like, qwik, vike

DEV = re.compile(
    r"(react-scripts|react-app-rewired|craco) start|\bng s(erve)?( |$)|vue-cli-service serve"
    r"|webpack(-dev-server| serve|( [^&|]*)? (-w|--watch)\b(?!.*&))|\besbuild [^&|]*--(serve|watch)(?!.*&)"
    r"|\bvite(?! build)(?=\s|$)|\bparcel(?! build| watch)(?=\s|$)"
    r"|\bexpo start|\bnx (run \S+:)?(serve|dev)\b|vinxi dev|ionic serve"
    r"|gatsby (develop|serve)|astro (dev|preview)|next dev"
    r"|nux[ti]+ dev|(svelte-kit|remix|rspress|rsbuild|vitepress|snowpack|vuepress|umi|farm|react-router|storybook)"
    r" (dev|serve|start)\b"
    r"|rspack (serve|dev)|docusaurus (start|serve)|eleventy --serve|ember s(erve)?\b|stencil .*--serve"
    r"|rollup .*(-w|--watch)|live-server|browser-sync|lite-server|start-storybook|gulp( serve| watch)?$|preact watch"
    r"|wmr(?! build)|hexo s(erver)?\b|(quasar|vike|max|gridsome|vercel|netlify) (dev|develop)\b"
    r"|(web-dev-server|es-dev-server|wds)(?=\s|$)"
)
"""Start scripts that run a development server: builds are served instead."""


def _next(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "next" not in names:
        return None
    text = config(facts, "next")
    if re.search(r"output\s*:\s*['\"]export['\"]", text):
        return Built("next", "next.config exports static pages", "next build", named(text, "distDir") or "out")
    return Built("next", "Next serves what it built", "next build", start="next start -H $HOST -p $PORT")


def _nuxt(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if not names & {"nuxt", "nuxt3", "nuxt-edge", "nuxt-nightly"}:
        return None
    scripts = table(package, "scripts")
    spec = str(table(package, "dependencies").get("nuxt") or table(package, "devDependencies").get("nuxt") or "")
    old = bool(re.match(r"[\^~]?[12]\.", spec))
    if old and re.search(r"target\s*:\s*['\"]static['\"]", config(facts, "nuxt")):
        return Built("nuxt", "nuxt.config targets static", "nuxt generate", "dist")
    if old:
        return Built(
            "nuxt", "Nuxt 2 serves what it built", "nuxt build", start="nuxt start --hostname $HOST --port $PORT"
        )
    if "generate" in str(scripts.get("build", "")):
        return Built("nuxt", "the build script generates static pages", "nuxt generate", ".output/public")
    return Built("nuxt", "Nuxt builds its own server", "nuxt build", start="node .output/server/index.mjs")


def _react_router(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if names & {"@react-router/dev", "@react-router/serve"}:
        if re.search(r"ssr\s*:\s*false", config(facts, "react-router")):
            return Built(
                "react-router",
                "react-router.config switches the server off",
                "react-router build",
                "build/client",
                spa=True,
            )
        start = "react-router-serve ./build/server/index.js" if "@react-router/serve" in names else None
        return (
            Built("react-router", "React Router serves what it built", "react-router build", start=start)
            if start
            else None
        )
    if names & {"@remix-run/dev", "@remix-run/serve"}:
        if re.search(r"ssr\s*:\s*false", config(facts, "vite")):
            return Built("remix", "vite.config switches the server off", "remix vite:build", "build/client", spa=True)
        vite = "vite" in names
        name, build, entry = (
            ("remix", "remix vite:build", "./build/server/index.js")
            if vite
            else ("remix-classic", "remix build", "./build/index.js")
        )
        return (
            Built(name, "Remix serves what it built", build, start=f"remix-serve {entry}")
            if "@remix-run/serve" in names
            else None
        )
    return None


def _astro(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "astro" not in names:
        return None
    text = config(facts, "astro")
    out = named(text, "outDir") or "dist"
    if "@astrojs/node" in names and re.search(r"adapter\s*:", text or "adapter:"):
        return Built(
            "astro", "the node adapter builds a server", "astro build", start=f"node ./{out}/server/entry.mjs"
        )
    return Built("astro", "Astro builds static pages", "astro build", out)


def _sveltekit(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "@sveltejs/kit" not in names:
        return None
    text = config(facts, "svelte")
    if "@sveltejs/adapter-static" in names:
        fallback = bool(re.search(r"fallback\s*:\s*['\"]", text))
        return Built(
            "sveltekit",
            "adapter-static builds static pages",
            "vite build",
            named(text, "pages") or "build",
            spa=fallback,
        )
    if "@sveltejs/adapter-node" in names:
        return Built(
            "sveltekit", "adapter-node builds a server", "vite build", start=f"node {named(text, 'out') or 'build'}"
        )
    return Built(
        "sveltekit",
        "without adapter-node only the preview server runs it",
        "vite build",
        start="vite preview --host $HOST --port $PORT",
    )


def _angular(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "@angular/core" not in names:
        return None
    projects = table(facts.json("angular.json"), "projects")
    apps = [name for name in projects if table(projects, name).get("projectType") != "library"]
    name = word(facts.json("angular.json").get("defaultProject")) or next(
        iter(apps), word(package.get("name")) or "app"
    )
    build = table(projects, name, "architect", "build") or table(projects, name, "targets", "build")
    options = table(build, "options")
    place = options.get("outputPath")
    out = (word(place) or word(place.get("base") if isinstance(place, dict) else None) or f"dist/{name}").rstrip("/")
    browser = word(place.get("browser")) if isinstance(place, dict) and "browser" in place else "browser"
    if (word(build.get("builder")) or "").endswith((":browser", ":browser-esbuild")):
        return Built("angular", "angular.json builds for the browser", "ng build", out, spa=True)
    if "@analogjs/platform" in names and (word(build.get("builder")) or "").startswith("@analogjs/"):
        return Built("analog", "Analog builds a server", "ng build", start="node dist/analog/server/index.mjs")
    serves = (options.get("server") and table(options, "ssr")) or options.get("ssr") is True
    if serves and options.get("outputMode") != "static":
        return Built("angular", "angular.json builds a server", "ng build", start=f"node {out}/server/server.mjs")
    return Built(
        "angular", "angular.json builds for the browser", "ng build", f"{out}/{browser}" if browser else out, spa=True
    )


def _nest(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "@nestjs/core" not in names:
        return None
    scripts = table(package, "scripts")
    start = None if "start:prod" in scripts else "node dist/main"
    watches = str(scripts.get("start", "")).startswith("nest start")
    return Built("nest", "Nest runs what it built", "nest build", start=start or "npm:start:prod", own_start=watches)


def _vite(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    if "vite" not in names and not (names & {"rolldown-vite"}):
        return None
    text = config(facts, "vite")
    root = (named(text, "root") or "").strip("./")
    out = (named(text, "outDir") or "dist").removeprefix("./")
    resolved = re.search(r"\boutDir\s*:\s*(?:path\.)?(?:resolve|join)\(", text)
    inside = root and not resolved and not out.startswith("../")
    place = f"{root}/{out}" if inside else out.removeprefix("../")
    return Built("vite", "Vite builds static files", "vite build", place, spa=True)


def _vitepress(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    for tool in ("vitepress", "vuepress"):
        if tool in names:
            folder = next((p.split(f".{tool}/")[0] for p in sorted(facts.files) if f".{tool}/" in p), "docs/")
            return Built(
                tool, f"{tool} builds static pages", f"{tool} build {folder}".strip(), f"{folder}.{tool}/dist"
            )
    return None


SIMPLE: tuple[tuple[str, str, str, str, bool], ...] = (
    ("react-scripts", "create-react-app", "react-scripts build", "build", True),
    ("react-dev-utils", "create-react-app", "", "build", True),
    ("react-app-rewired", "create-react-app", "react-app-rewired build", "build", True),
    ("@vue/cli-service", "vue-cli", "vue-cli-service build", "dist", True),
    ("gatsby", "gatsby", "gatsby build", "public", False),
    ("@docusaurus/core", "docusaurus", "docusaurus build", "build", False),
    ("@11ty/eleventy", "eleventy", "eleventy", "_site", False),
    ("@slidev/cli", "slidev", "slidev build", "dist", True),
    ("rspress", "rspress", "rspress build", "doc_build", False),
    ("@rspress/core", "rspress", "rspress build", "doc_build", False),
    ("expo", "expo", "expo export --platform web", "dist", True),
    ("hexo", "hexo", "hexo generate", "public", False),
    ("ember-cli", "ember", "ember build --environment=production", "dist", True),
    ("preact-cli", "preact", "preact build", "build", True),
    ("@stencil/core", "stencil", "stencil build", "www", True),
    ("@rsbuild/core", "rsbuild", "rsbuild build", "dist", True),
    ("@rspack/cli", "rspack", "rspack build", "dist", True),
    ("@quasar/app-vite", "quasar", "quasar build", "dist/spa", True),
    ("@quasar/app-webpack", "quasar", "quasar build", "dist/spa", True),
    ("@umijs/max", "umi", "max build", "dist", True),
    ("umi", "umi", "umi build", "dist", True),
    ("@farmfe/core", "farm", "farm build", "dist", True),
    ("parcel", "parcel", "parcel build", "dist", True),
    ("parcel-bundler", "parcel", "parcel build", "dist", True),
    ("snowpack", "snowpack", "snowpack build", "build", True),
    ("webpack", "webpack", "webpack --mode production", "dist", True),
    ("rollup", "rollup", "rollup -c", "dist", True),
    ("esbuild", "esbuild", "", "dist", True),
)
"""Dependency, framework, build command, output folder, single-page; the first whose dependency is there."""
RULES: tuple[Rule, ...] = (
    *(_next, _nuxt, _react_router, _astro, _sveltekit, nitro_like, qwik, vike, _angular, _nest, adonis, _vitepress),
)


def server_framework(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    """A framework that owns the whole project, whatever its start script says."""
    return next((built for rule in RULES if (built := rule(facts, package, names))), None)


def site_builder(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    """A bundler or site generator whose output is served where nothing else starts the project."""
    for dependency, framework, build, output, spa in SIMPLE:
        if dependency in names and (dependency not in {"webpack", "rollup", "esbuild"} or "vite" not in names):
            command, place = _of_config(facts, framework, build), output_of(facts, framework, output, names)
            return Built(framework, f"{framework} builds static files", command or None, place, spa)
        if dependency == "@docusaurus/core" and (vite := _vite_unless(facts, package, names)):
            return vite
    return _vite(facts, package, names)


def _of_config(facts: Facts, framework: str, build: str) -> str:
    """The build command; Parcel is told its first page where package.json does not."""
    if framework != "parcel" or facts.json("package.json").get("source"):
        return build
    page = facts.first("src/index.html", "index.html", "app/index.html", "public/index.html")
    return f"{build} {page}" if page else build


def _vite_unless(facts: Facts, package: dict[str, Any], names: frozenset[str]) -> Built | None:
    later = {
        "react-scripts",
        "expo",
        "@slidev/cli",
        "rspress",
        "@11ty/eleventy",
        "gatsby",
        "hexo",
        "ember-cli",
        "preact-cli",
    }
    return None if names & later else _vite(facts, package, names)
