"""Go: the main package of a module or workspace, built into a path of ours and run."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.declared import declared
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.pins import choose, clean, from_files, from_tools
from monitor.domain.detection.result import INCOMPLETE, LIKELY, SURE, Detection
from monitor.domain.launch import ProjectType

BINARY = ".slipway/bin/app"
FRAMEWORKS = (
    ("gin-gonic/gin", "gin"),
    ("labstack/echo", "echo"),
    ("gofiber/fiber", "fiber"),
    ("go-chi/chi", "chi"),
    ("gorilla/mux", "gorilla"),
    ("beego/beego", "beego"),
    ("pocketbase/pocketbase", "pocketbase"),
)
READS_PORT = re.compile(r"Getenv\(\s*\"PORT\"|LookupEnv\(\s*\"PORT\"|env:\"PORT|\"PORT\"")
LISTENS = re.compile(
    r"(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|net\.Listen\(\s*\"tcp\"\s*,|Addr\s*[:=]+|addr\s*:?=)"
    r"\s*\(?\s*\"(?:localhost|0\.0\.0\.0|127\.0\.0\.1)?:(\d{2,5})\""
)
NAMED = re.compile(
    r"flag\.(?:String|Int)(?:Var)?\([^\"\n]{0,80}\"(?:(?:http|listen|server|web)[-_]?)?(?:addr|address|port|listen|bind|http|p)\""
    r"\s*,\s*\"?[\w.]*:?(\d{4,5})\b"
    r"|\b(?:(?:default|server|http|listen|web|app)?[Pp]ort|(?:\w{1,30}_)?PORT)(?:\s+(?:string|int))?\s*:?=\s*\"?:?(\d{4,5})\b"
)
"""A port that is a flag's default, or a variable's value."""
SERVES = re.compile(
    r"\"net/http\"|\"net/http/fcgi\"|ListenAndServe|net\.Listen|gin-gonic/gin|labstack/echo|gofiber/fiber|go-chi/chi|gorilla/mux"
)
COBRA = re.compile(r"(\w+)\s*:?=\s*&cobra\.Command\{(.{0,4000}?)^\s?\}", re.MULTILINE | re.DOTALL)
SUBCOMMANDS = ("serve", "server", "start", "web", "http", "api")
NEEDS = "no `package main` in the folder, cmd/ or below: add one, or `build:` and `start:` to slipway.yaml"


def detect(facts: Facts) -> Detection | None:
    """A Go module or workspace, or a folder of Go files without one."""
    sources = facts.top(".go")
    if not facts.has("go.mod", "go.work") and not sources:
        return None
    main = _main(facts)
    if main is None and facts.has("hugo.toml", "hugo.yaml", "hugo.json"):
        return None
    text = facts.text("go.mod")
    pin, pin_file = _version(facts)
    vendored = "vendor" in facts.folders
    framework = next((name for dep, name in FRAMEWORKS if dep in text), None)
    manifests = [p for p in ("go.mod", "go.sum", "go.work", "go.work.sum") if facts.has(p)]
    modules = [p for p in facts.matching(r"[\w./-]+/go\.(mod|sum)") if not p.startswith("vendor/")]
    downloads = bool(re.search(r"^\s*(require\b|[\w.-]+\.[\w./-]+ v\d)", text, re.MULTILINE)) or facts.has("go.work")
    said = declared(facts)
    command = said.command if said else None
    target = f"./{main}" if main else "."
    evidence = [*(manifests[:1] or ["Go files without go.mod"])]
    if main is not None:
        evidence += [
            f"package main in {main or 'the folder itself'}",
            f"builds {target} because it is the project's main package",
        ]
    evidence += [said.evidence] if said else []
    evidence += [f"{pin_file} asks for Go {pin}"] if pin else []
    build = (
        f"go build -o {BINARY} {shlex.quote(target)}"
        if manifests
        else f"go build -o {BINARY} {' '.join(map(shlex.quote, _loose(sources)))}"
    )
    own = _own_start(facts, command)
    return Detection(
        ProjectType.GO,
        reason=evidence[1] if main is not None else NEEDS,
        evidence=tuple(evidence),
        confidence=INCOMPLETE if main is None else SURE if manifests else LIKELY,
        framework=framework,
        version=pin,
        version_from=pin_file,
        package_manager="go" if manifests else None,
        install="go mod download" if downloads and not vendored else None,
        build=build if main is not None else None,
        start=(own or f"./{BINARY}{_arguments(facts, framework)}") if main is not None else None,
        port=_port(facts) or 8080,
        deps_files=(*manifests, *modules) if downloads and not vendored else (),
        data=(*_data(facts), *(("pb_data",) if framework == "pocketbase" else ())),
    )


def _own_start(facts: Facts, command: str | None) -> str | None:
    """A declared start command; a program that is not in the folder is the one we build, with its arguments."""
    if command is None:
        return None
    program, _, more = command.partition(" ")
    if (
        not re.fullmatch(r"[\w./-]+", program)
        or program in {"go", "sh", "bash", "make"}
        or facts.has(program.removeprefix("./"))
    ):
        return command
    return f"./{BINARY} {more}" if more else None


def _arguments(facts: Facts, framework: str | None) -> str:
    """What a program of several commands is given to serve: PocketBase's own, else a command of Cobra's."""
    if framework == "pocketbase":
        return " serve --http=$HOST:$PORT"
    if "spf13/cobra" not in facts.text("go.mod"):
        return ""
    found = [m for _, text in sorted(facts.texts.items()) for m in COBRA.findall(text)]
    commands = {use[1] for _, body in found if (use := re.search(r"^\s*Use:\s*\"(\w+)", body, re.MULTILINE))}
    alone = any("root" in name.lower() and re.search(r"^\s*RunE?:", body, re.MULTILINE) for name, body in found)
    return next((f" {one}" for one in SUBCOMMANDS if one in commands and not alone), "")


def _loose(sources: list[str]) -> list[str]:
    return [s for s in sources if not s.endswith("_test.go")] or ["."]


def _version(facts: Facts) -> tuple[str | None, str | None]:
    for path in ("go.mod", "go.work"):
        text = facts.text(path)
        line = re.search(r"^go\s+(\d[\w.]*)", text, re.MULTILINE)
        chain = re.search(r"^toolchain\s+go(\d[\w.]*)", text, re.MULTILINE)
        if line or chain:
            return choose(
                from_files(facts, ".go-version"),
                from_tools(facts, "go"),
                (clean(line[1] if line else None), path),
                (clean(chain[1] if chain else None), path),
            )
    return choose(from_files(facts, ".go-version"), from_tools(facts, "go"))


def _main(facts: Facts) -> str | None:
    """The folder ("" for the root) of the main package to build."""
    mains: dict[str, bool] = {}
    for path in facts.matching(r"(?:[\w.-]+/){0,4}[\w.-]+\.go"):
        if path.endswith("_test.go") or re.search(
            r"(^|/)(vendor|testdata|examples?|internal/tools|tools|hack|scripts)/", path
        ):
            continue
        text = facts.text(path)
        if (
            re.search(r"^package main\b", text, re.MULTILINE)
            and not re.search(r"^//go:build ignore", text, re.MULTILINE)
        ) or (not text and path.endswith("main.go")):
            folder = path.rpartition("/")[0]
            mains[folder] = mains.get(folder, False) or bool(SERVES.search(text))
    module = re.search(r"^module\s+(\S+)", facts.text("go.mod"), re.MULTILINE)
    named = re.sub(r"/v\d+$", "", module[1][:200]).rpartition("/")[2] if module else "server"
    order = (named, "server", "api", "web", "app", "main", "httpd", "http")
    return min(
        mains,
        key=lambda f: (
            f != "",
            not f.startswith("cmd"),
            order.index(n) if (n := f.rpartition("/")[2]) in order else len(order),
            not mains[f],
            f.count("/"),
            f,
        ),
        default=None,
    )


def _port(facts: Facts) -> int | None:
    """A port written into the sources, where nothing reads `PORT`."""
    texts = [t for p, t in sorted(facts.texts.items()) if p.endswith(".go") and not p.endswith("_test.go")]
    if any(READS_PORT.search(t) for t in texts):
        return None
    found = next((m for rule in (LISTENS, NAMED) for t in texts if (m := rule.search(t))), None)
    port = int(next(one for one in found.groups() if one)) if found else 0
    return port if 80 <= port < 65536 else None


def _data(facts: Facts) -> list[str]:
    found = [
        m
        for p, t in sorted(facts.texts.items())
        if p.endswith(".go")
        for m in re.findall(
            r"(?:sql\.Open\(\s*\"sqlite3?\"\s*,\s*|sqlite\.Open\()\"(?:file:)?(?:\./)?([\w][\w./-]*)", t
        )
    ]
    return [f for f in dict.fromkeys(found) if ".." not in f.split("/")]
