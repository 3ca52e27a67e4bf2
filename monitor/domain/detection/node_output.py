"""Where a bundler or site generator of Node puts what it builds."""

from __future__ import annotations

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.node_built import config, named

HTML_PLUGINS = frozenset(
    {"html-webpack-plugin", "@web/rollup-plugin-html", "@rollup/plugin-html", "@open-wc/rollup-plugin-html"}
)
"""What makes the page as well as its scripts."""


def output_of(facts: Facts, framework: str, output: str, names: frozenset[str]) -> str:
    """Where it builds: by its configuration, and for bundlers of scripts alone beside the page that loads them."""
    if framework == "eleventy":
        return named(config(facts, "eleventy") + facts.text(".eleventy.js"), "output") or output
    if framework == "vue-cli":
        return named(config(facts, "vue"), "outputDir") or output
    if framework in {"rspress", "docusaurus"}:
        return named(config(facts, framework), "outDir") or output
    if framework in {"webpack", "rollup", "esbuild"}:
        said = _bundled(facts, framework) or output
        pages = names & HTML_PLUGINS or facts.has("src/index.html")
        return said if pages else page_folder(facts, said)
    return output


def _bundled(facts: Facts, tool: str) -> str | None:
    """The output folder in the bundler's configuration files, whatever they are called."""
    files = facts.matching(rf"(?:config/|build/|\.?{tool}/)?{tool}[\w.-]*\.[cm]?[jt]s")
    keys = ("path",) if tool == "webpack" else ("dir", "outdir")
    found = (named(facts.text(path), key) for path in files for key in keys)
    return next((place.strip("./") for place in found if place and not place.startswith("..")), None) or None


def page_folder(facts: Facts, output: str) -> str:
    """The folder of the first page that is there before the build, `output` where there is none."""
    return next(
        (f for f in (output, "public", "www", ".", "static") if facts.has(f"{f}/index.html".removeprefix("./"))),
        output,
    )
