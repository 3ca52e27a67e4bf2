"""How a Node project installs: package manager by field and lock file, install command, pins."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.detection.facts import Facts, table, word, words
from monitor.domain.detection.pins import Pin, choose, clean, from_files, from_tools

LOCKS = (
    ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"),
    ("package-lock.json", "npm"), ("npm-shrinkwrap.json", "npm"),
)  # fmt: skip
SETTINGS = (("pnpm-workspace.yaml", "pnpm"), (".yarnrc.yml", "yarn"), ("bunfig.toml", "bun"))
DEFAULT_MAJOR = {"pnpm": "9", "yarn": "1", "bun": "1"}
LIFECYCLE = ("preinstall", "install", "postinstall", "prepare")
TOOLS = "npm install --no-audit --no-fund --prefix .slipway/tools {0}"
"""Tools of the project's own version lie beside its dependencies, in the same layer."""


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager and how it was recognised; `berry` is Yarn 2 and later."""

    name: str
    evidence: str
    lock: str | None = None
    version: str | None = None
    berry: bool = False

    @property
    def unlocked(self) -> Manager:
        """The same without its lock file."""
        return replace(self, lock=None)

    def run(self, script: str) -> str:
        """The command that runs a script of package.json."""
        if self.name == "npm":
            return "npm start" if script == "start" else f"npm run {script}"
        if self.name == "bun":
            return f"bun run {script}"
        return f"{self.name} {script}" if script == "start" else f"{self.name} run {script}"

    @property
    def tools(self) -> str | None:
        """The command that brings this manager where the runtime's own (npm, pnpm 9, yarn 1) will not do."""
        if self.name == "npm":
            return None
        package = "@yarnpkg/cli-dist" if self.berry else self.name
        major = "4" if self.berry else DEFAULT_MAJOR[self.name]
        wanted = TOOLS.format(f"{package}@{self.version or major}")
        present = not self.berry and self.name in {"pnpm", "yarn"} and self.version in {None, major}
        return f"command -v {self.name} >/dev/null || {wanted}" if present else wanted


def manager(facts: Facts, package: dict[str, Any]) -> Manager:
    """`packageManager` first, then the lock file, then `engines`, then a manager's own settings, then npm."""
    lock = next(((path, name) for path, name in LOCKS if facts.has(path)), None)
    field = re.match(r"(npm|pnpm|yarn|bun)@\^?(\d[\w.-]*)", word(package.get("packageManager")) or "")
    wanted = word(table(package, "devEngines", "packageManager").get("name"))
    if field:
        own = next((path for path, name in LOCKS if name == field[1] and facts.has(path)), None)
        return _made(facts, field[1], f"package.json says packageManager {field[1]}@{field[2]}", own, field[2])
    if lock:
        return _made(facts, lock[1], lock[0], lock[0], None)
    if wanted in {"pnpm", "yarn", "bun"}:
        return _made(facts, wanted, f"package.json devEngines names {wanted}", None, None)
    if _runs_on_bun(package):
        return _made(facts, "bun", "its scripts and types are Bun's", None, None)
    engines = table(package, "engines")
    for name in ("pnpm", "yarn", "bun"):
        if word(engines.get(name)):
            return _made(facts, name, f"package.json engines names {name}", None, None)
    settings = next(((path, name) for path, name in SETTINGS if facts.has(path)), None)
    return _made(facts, settings[1], settings[0], None, None) if settings else Manager("npm", "package.json")


def _made(facts: Facts, name: str, evidence: str, lock: str | None, version: str | None) -> Manager:
    modern = bool(version) and not (version or "").startswith("1.")
    if name == "yarn" and version is None:
        version = _yarn_major(facts)
        modern = version is not None
    berry = name == "yarn" and (modern or (version is None and facts.has(".yarnrc.yml")))
    if name == "pnpm" and version is None:
        version = _pnpm_major(facts)
    return Manager(name, evidence, lock, version, berry)


def _pnpm_major(facts: Facts) -> str | None:
    """The pnpm that writes this lock format, by its first line (pnpm's own lock file versions)."""
    match = re.search(r"lockfileVersion:\s*'?(\d+)", facts.text("pnpm-lock.yaml")[:200])
    return {"5": "7", "6": "8", "9": "9"}.get(match[1]) if match else None


YARN_PATH = re.compile(r"^yarnPath:\s*['\"]?(?:\./)?([\w./@-]+)", re.MULTILINE)


def _yarn_major(facts: Facts) -> str | None:
    """The Yarn the project brings, or that writes this lock format; None for Yarn 1.

    The format is `__metadata: version` of Yarn's own lock files.
    """
    path = YARN_PATH.search(facts.text(".yarnrc.yml"))
    own = re.search(r"/yarn-(\d+\.\d+\.\d+)\.c?js", path[1]) if path else None
    if own:
        return own[1]
    match = re.search(r"^__metadata:\s+version:\s*(\d+)", facts.text("yarn.lock"), re.MULTILINE)
    return None if match is None else "4" if int(match[1]) >= 8 else "3"


def _runs_on_bun(package: dict[str, Any]) -> bool:
    """Bun's types and a script that only Bun runs; no lock file says it."""
    typed = bool(dependencies(package) & {"@types/bun", "bun-types"})
    return typed and any(re.match(r"bun\b", script) for script in scripts_of(package).values())


def linker(manager: Manager, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Plug'n'Play keeps packages in a cache outside the project: they belong into the layer, as real folders."""
    if not manager.berry:
        return ()
    settings = facts.text(".yarnrc.yml")
    own = re.search(r"^nodeLinker:\s*['\"]?(node-modules|pnpm)\b", settings, re.MULTILINE)
    path = YARN_PATH.search(settings)
    gone = path is not None and not facts.has(path[1])
    return (
        *(() if own else (("YARN_NODE_LINKER", "node-modules"),)),
        *((("YARN_IGNORE_PATH", "1"),) if gone else ()),
    )


def install_command(manager: Manager, package: dict[str, Any]) -> str:
    """The install command; the project's own lifecycle scripts are taken out, they need the source (see `setup`)."""
    if manager.name == "npm":
        command = "npm ci" if manager.lock else "npm install"
    elif manager.name == "pnpm":
        command = "pnpm install --frozen-lockfile" if manager.lock else "pnpm install --no-frozen-lockfile"
    elif manager.berry:
        command = "yarn install --immutable" if manager.lock else "yarn install"
    elif manager.name == "yarn":
        command = "yarn install --frozen-lockfile" if manager.lock else "yarn install"
    else:
        command = "bun install --frozen-lockfile" if manager.lock else "bun install"
    own = [f"scripts.{s}" for s in LIFECYCLE if s in table(package, "scripts")]
    return f"npm pkg delete {' '.join(own)} && {command}" if own else command


def setup_command(package: dict[str, Any]) -> str | None:
    """The project's own install scripts, run in the app folder once the source is there."""
    scripts = table(package, "scripts")
    skip = re.compile(r"only-allow|husky|is-ci|lefthook|simple-git-hooks|npx npm-force|patch-package$")
    own = [s for s in LIFECYCLE if word(scripts.get(s)) and not skip.search(str(scripts[s]))]
    patched = [s for s in LIFECYCLE if str(scripts.get(s, "")).strip() == "patch-package"]
    commands = [f"npm run {s}" for s in [*own, *patched] if s != "prepare" or "build" not in scripts]
    return " && ".join(commands) or None


def deps_files(facts: Facts, package: dict[str, Any], lock: str | None) -> tuple[str, ...]:
    """Every path the install reads: manifests, lock, settings, patches, workspaces and local path dependencies."""
    mirror = re.search(r"^yarn-offline-mirror\s+['\"]?(?:\./)?([\w./-]+)", facts.text(".yarnrc"), re.MULTILINE)
    files = [
        p
        for p in (
            "package.json",
            lock,
            ".npmrc",
            ".yarnrc",
            ".yarnrc.yml",
            "pnpm-workspace.yaml",
            ".pnpmfile.cjs",
            "bunfig.toml",
        )
        if p
    ]
    for folder in (".yarn/releases", ".yarn/plugins", ".yarn/patches", "patches", *([mirror[1]] if mirror else [])):
        files += facts.below(folder)
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        for spec in table(package, group).values():
            match = re.match(
                r"(?:file:|link:|portal:)(?:\./)?([\w@][\w./@-]*)", spec if isinstance(spec, str) else ""
            )
            if match:
                files += [match[1], *facts.below(match[1].rstrip("/"))]
    if "workspaces" in package or facts.has("pnpm-workspace.yaml"):
        files += [p for p in facts.files if p.endswith("/package.json") and "node_modules/" not in p]
    return tuple(p for p in dict.fromkeys(files) if facts.has(p))[:500]


def version(facts: Facts, package: dict[str, Any]) -> Pin:
    """The Node version the project asks for, and where."""
    volta = word(table(package, "volta").get("node"))
    runtime = table(package, "devEngines", "runtime")
    wanted = word(runtime.get("version")) if runtime.get("name") == "node" else None
    own = re.search(r"^use-node-version\s*=\s*(\S+)", facts.text(".npmrc"), re.MULTILINE)
    return choose(
        from_files(facts, ".nvmrc", ".node-version"),
        from_tools(facts, "node"),
        (clean(volta), "package.json"),
        (clean(word(table(package, "engines").get("node"))), "package.json"),
        (clean(wanted), "package.json"),
        (clean(own[1] if own else None), ".npmrc"),
    )


def dependencies(package: dict[str, Any]) -> frozenset[str]:
    """Names of all dependencies, development ones included (builds need them)."""
    return frozenset(n for g in ("dependencies", "devDependencies", "peerDependencies") for n in table(package, g))


def scripts_of(package: dict[str, Any]) -> dict[str, str]:
    """The scripts of package.json that are text."""
    return {k: v.strip() for k, v in table(package, "scripts").items() if isinstance(v, str) and v.strip()}


def workspaces(package: dict[str, Any]) -> list[str]:
    """The workspace globs of package.json (npm, yarn, bun)."""
    field = package.get("workspaces")
    return words(field.get("packages") if isinstance(field, dict) else field)
