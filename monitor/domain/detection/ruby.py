"""Ruby: Rails, Rack and Sinatra by puma or rackup, Jekyll as a built site, plain scripts."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from posixpath import normpath

from monitor.domain.detection.declared import declared, release
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.pins import Pin, choose, clean, from_files, from_tools
from monitor.domain.detection.result import GUESS, INCOMPLETE, LIKELY, SURE, Detection
from monitor.domain.detection.start import Start
from monitor.domain.launch import ProjectType

SCRIPTS = ("app.rb", "main.rb", "server.rb", "web.rb", "index.rb", "application.rb")
PUMA = "puma --bind tcp://$HOST:$PORT --threads 0:64"
RACK = ("sinatra", "hanami", "roda", "grape", "cuba", "padrino")
RACKUP = "rackup --host $HOST --port $PORT config.ru"
SERVERS = (
    ("puma", PUMA),
    ("falcon", "falcon serve --bind http://$HOST:$PORT"),
    ("unicorn", "unicorn --host $HOST --port $PORT"),
    ("thin", "thin start --address $HOST --port $PORT"),
)
MIDDLEMAN = "middleman server --bind-address $HOST --port $PORT --disable-watcher"
SINATRA = re.compile(r"require\s*\(?['\"]sinatra(/\w+)?['\"]")
LOCAL = re.compile(r"(?:\bpath:|:path\s*=>|^\s*path\b)\s*\(?\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
NEEDS = "no config.ru and no app.rb or main.rb: add one, or `start:` to slipway.yaml"


def detect(facts: Facts) -> Detection | None:
    """A Ruby project: Gemfile, config.ru, or a script."""
    scripts = [p for p in SCRIPTS if facts.has(p)] or facts.top(".rb")
    if not facts.has("Gemfile", "config.ru", "gems.rb") and not scripts:
        return None
    gemfile = facts.first("Gemfile", "gems.rb")
    gems = gems_of(facts.text(gemfile or ""))
    start = _start(facts, gems, scripts, bundled=gemfile is not None)
    pin, pin_file = _version(facts)
    evidence = [
        *([gemfile] if gemfile else []),
        *([start.evidence, f"starts with {start.command} because {start.reason}"] if start else []),
    ]
    evidence += [f"{pin_file} asks for Ruby {pin}"] if pin else []
    lock = facts.first("Gemfile.lock", "gems.locked")
    return Detection(
        ProjectType.RUBY,
        reason=f"{gemfile or 'Ruby files'}; {start.reason if start else NEEDS}",
        evidence=tuple(evidence),
        confidence=start.confidence if start else INCOMPLETE,
        framework=start.framework if start else None,
        version=pin,
        version_from=pin_file,
        package_manager="bundler" if gemfile else None,
        install="bundle install" if gemfile else None,
        setup=(start.setup if start else None) or release(facts),
        build=start.build if start else None,
        start=start.command if start else None,
        port=(start.port or 9292) if start else None,
        output_dir="_site" if start and start.framework == "jekyll" else None,
        data=start.data if start else (),
        env=start.env if start else (),
        deps_files=tuple(
            p
            for p in (
                gemfile,
                lock,
                ".ruby-version",
                ".tool-versions",
                *facts.top(".gemspec"),
                *facts.below("vendor/cache"),
                *_local(facts, facts.text(gemfile)),
            )
            if p and facts.has(p)
        )[:500]
        if gemfile
        else (),
    )


def gems_of(text: str) -> frozenset[str]:
    """Names of the gems a Gemfile asks for."""
    return frozenset(re.findall(r"^\s*gem\s*\(?\s*['\"]([\w.-]+)['\"]", text, re.MULTILINE))


def locked(text: str) -> frozenset[str]:
    """Names of the gems a Gemfile.lock settled on, those other gems asked for included."""
    return frozenset(re.findall(r"^    ([\w.-]+) \(\d", text, re.MULTILINE))


def _local(facts: Facts, text: str) -> list[str]:
    """The gems taken from folders of the project, whole; a project that is a gem itself needs its version."""
    folders = (normpath(folder) for folder in LOCAL.findall(text))
    own = facts.matching(r"lib/(?:[\w.-]+/)*version\.rb") if facts.top(".gemspec") else []
    return [*own, *(path for folder in dict.fromkeys(folders) for path in facts.below(folder))]


def _start(facts: Facts, gems: frozenset[str], scripts: list[str], *, bundled: bool) -> Start | None:
    prefix = "bundle exec " if bundled else ""
    said = declared(facts)
    if said and "rails" in gems:
        return replace(
            _rails(facts, gems), command=said.command, evidence=said.evidence, reason=said.reason, port=said.port
        )
    if said:
        return replace(said, framework=_rack(gems))
    if "rails" in gems or facts.has("config/application.rb", "bin/rails"):
        return _rails(facts, gems)
    if (gems & {"jekyll", "github-pages"} or facts.has("_config.yml")) and bundled and not facts.has("config.ru"):
        serve = f"{prefix}jekyll serve --host $HOST --port $PORT --no-watch --skip-initial-build"
        return Start(
            serve, "Gemfile names jekyll", "Jekyll builds static pages", "jekyll", SURE, build=f"{prefix}jekyll build"
        )
    if "middleman" in gems and facts.has("config.rb"):
        because = "Middleman serves the pages it makes"
        return Start(f"{prefix}{MIDDLEMAN}", "Gemfile names middleman", because, "middleman", SURE)
    if facts.has("config.ru"):
        listed = gems | locked(facts.text("Gemfile.lock"))
        server = next((c for g, c in SERVERS if g in listed), PUMA if not bundled else RACKUP)
        return Start(f"{prefix}{server}", "config.ru", "config.ru is what Rack servers run", _rack(gems), SURE)
    return _script(facts, scripts, prefix)


def _rack(gems: frozenset[str]) -> str:
    return next((g for g in RACK if g in gems), "rack")


def _rails(facts: Facts, gems: frozenset[str]) -> Start:
    database = facts.text("config/database.yml")
    sqlite = "sqlite3" in gems or "sqlite3" in database
    prepare = "bundle exec rails db:prepare" if sqlite else None
    assets = (
        "bundle exec rails assets:precompile"
        if gems
        & {
            "sprockets-rails",
            "propshaft",
            "sassc-rails",
            "cssbundling-rails",
            "jsbundling-rails",
            "tailwindcss-rails",
            "webpacker",
        }
        else None
    )
    folder = "db" if re.search(r"database:\s*db/", database) else "storage"
    files = re.findall(r"database:\s*(db/[\w.-]+\.sqlite3)", database)
    env = (("RAILS_LOG_TO_STDOUT", "1"), ("RAILS_SERVE_STATIC_FILES", "1"))
    data = ("storage", *(files if folder == "db" else ())) if sqlite else ("storage",)
    return Start(
        "bundle exec rails server -b $HOST -p $PORT",
        "Gemfile names rails",
        "Rails brings its own server",
        "rails",
        SURE,
        setup=prepare,
        build=assets,
        data=tuple(dict.fromkeys(data)),
        env=env,
    )


def _script(facts: Facts, scripts: list[str], prefix: str) -> Start | None:
    inner = facts.matching(r"(?:lib|src|app)/[\w-]+\.rb") if prefix else []
    classic = [p for p in (*scripts, *inner) if SINATRA.search(facts.text(p))]
    if classic:
        path = classic[0]
        own = re.search(r"^\s*set\s*\(?\s*:port\s*(?:,|=>)\s*(\d{2,5})\b", facts.text(path), re.MULTILINE)
        env = (("APP_ENV", "production"),)
        return Start(
            f"{prefix}ruby {shlex.quote(path)} -o $HOST -p $PORT",
            f"{path} requires sinatra",
            "classic Sinatra serves by itself",
            "sinatra",
            SURE,
            port=int(own[1]) if own else None,
            env=env,
        )
    if not scripts or (scripts[0] not in SCRIPTS and len(scripts) > 1):
        return None
    path = scripts[0]
    text = facts.text(path)
    serves = bool(re.search(r"TCPServer|WEBrick|Puma|Rack::|Rackup|\.listen\b|Agoo|Falcon", text))
    fixed = (
        None
        if re.search(r"ENV(\.fetch\(|\[)\s*['\"]PORT", text)
        else re.search(
            r"(?:TCPServer\.(?:new|open)\s*\(?\s*(?:['\"][\w.]*['\"]\s*,\s*)?|Port:?\s*(?:=>)?\s*)(\d{2,5})", text
        )
    )
    reason = (
        "it listens by itself" if serves else "it is the project's script; whether it listens on $PORT is not visible"
    )
    return Start(
        f"{prefix}ruby {shlex.quote(path)}",
        path,
        reason,
        confidence=LIKELY if serves else GUESS,
        port=int(fixed[1]) if fixed else None,
    )


def _version(facts: Facts) -> Pin:
    text = facts.text("Gemfile") or facts.text("gems.rb")
    named = re.search(r"^\s*ruby\s*\(?\s*['\"]([^'\"]+)['\"]", text, re.MULTILINE)
    locked = re.search(r"^RUBY VERSION\s+ruby (\d[\d.]*)", facts.text("Gemfile.lock"), re.MULTILINE)
    return choose(
        from_files(facts, ".ruby-version"),
        from_tools(facts, "ruby"),
        (clean(named[1] if named else None), "Gemfile"),
        (locked[1] if locked else None, "Gemfile.lock"),
    )
