"""Projects of languages there is no runtime for: named, so that nobody wonders why they do not run."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts

LANGUAGES: tuple[tuple[str, str], ...] = (
    (r"deno\.jsonc?|deno\.lock", "Deno"),
    (r"Cargo\.toml", "Rust"),
    (r"pom\.xml|build\.gradle(\.kts)?|settings\.gradle(\.kts)?", "Java"),
    (r"mix\.exs", "Elixir"),
    (r"[^/]+\.(csproj|fsproj|sln)", ".NET"),
    (r"Package\.swift", "Swift"),
    (r"gleam\.toml", "Gleam"),
    (r"pubspec\.yaml", "Dart"),
    (r"build\.zig", "Zig"),
    (r"CMakeLists\.txt", "C or C++"),
    (r"(stack|package)\.yaml|[^/]+\.cabal", "Haskell"),
    (r"deps\.edn|project\.clj", "Clojure"),
    (r"shard\.yml", "Crystal"),
    (r"hugo\.(toml|yaml|json)", "Hugo"),
    (r"config\.toml", "Zola"),
)
"""Marks in the project's own folder, and what they speak of."""
SITES = {"Hugo": "public/", "Zola": "public/"}
DENO = re.compile(r"\bDeno\.(serve|listen|env)|https://deno\.land/|from ['\"]jsr:")


def needs(facts: Facts) -> str | None:
    """What a folder would need that no rule of the table knows, as a sentence; None where nothing is seen."""
    files = facts.top("")
    mark, language = next(((p, name) for rule, name in LANGUAGES for p in files if re.fullmatch(rule, p)), ("", ""))
    if not language and (path := deno_source(facts)):
        mark, language = path, "Deno"
    if language in SITES:
        return (
            f"{mark}: {language} has no runtime here; drop what it builds in {SITES[language]}, or add a Dockerfile"
        )
    if language:
        return f"{mark}: {language} has no runtime here; add a Dockerfile that builds it"
    scripts = facts.top(".sh")
    if scripts:
        return f"{scripts[0]} is a shell script: say `type:` and `start: sh {scripts[0]}` in slipway.yaml"
    return None


def deno_source(facts: Facts) -> str | None:
    """A file in the project's own folder that only Deno runs."""
    files = [p for end in (".ts", ".js", ".mjs", ".tsx") for p in facts.top(end)]
    return next((p for p in files if DENO.search(facts.text(p))), None)


def is_deno(facts: Facts) -> bool:
    """Whether Deno alone runs it: its settings, and no package.json with a start script of Node's."""
    own = facts.has("deno.json", "deno.jsonc", "deno.lock") or deno_source(facts) is not None
    scripts = facts.json("package.json").get("scripts")
    start = str(scripts.get("start", "")) if isinstance(scripts, dict) else ""
    return own and (not facts.has("package.json") or start.startswith("deno"))
