"""From a detection and the workspace's configuration to the launch spec: environment, shell words, limits, data."""

from __future__ import annotations

import shlex
from dataclasses import replace

from monitor.domain.bases import fits
from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection.result import Detection
from monitor.domain.detection.table import USUAL
from monitor.domain.launch import LaunchSpec, Limits, OwnHost, ProjectType, Rewrite, Source
from monitor.domain.prefix.ways import Way, way_of
from monitor.domain.runtimes import CATALOGUE, Runtime
from monitor.errors import Refused

OWN_DOTENV = frozenset(
    {"next", "nuxt", "nuxt2", "vite", "astro", "sveltekit", "react-router", "remix", "create-react-app", "gatsby"}
    | {"vue-cli", "vitepress", "docusaurus", "rsbuild", "parcel", "laravel", "symfony"}
)
"""Frameworks that read `.env` and its variants in an order of their own."""


class NotRunnable(Refused):
    """Recognised or not, this folder cannot be run as it is; the hint says what it would need."""

    reason = "not-runnable"


def spec_for(
    workspace: str,
    detection: Detection,
    config: WorkspaceConfig | None = None,
    *,
    user: tuple[int, int],
    deps_key: str = "",
    base: str = "",
    limits: Limits | None = None,
) -> LaunchSpec:
    """The launch spec of a workspace; `deps_key` is filled in once the manifests' bytes are known.

    `base` is the official image its runtime stands on, "" for Debian.
    `limits` are the installation's defaults, which `resources:` may change. Raises `NotRunnable` where there is
    nothing to run or something forbids it; the same folder will be refused again until it changes.
    """
    config = config or WorkspaceConfig()
    runtime = CATALOGUE.get(detection.type)
    if runtime is None or not detection.runnable:
        raise NotRunnable(detection.refusal or detection.reason, hint=_hint(detection))
    way = living(workspace, detection, config)
    return LaunchSpec(
        workspace=workspace,
        type=detection.type,
        runtime=runtime.folder,
        base=base,
        start=_start(detection, runtime, way),
        user=user,
        port=detection.port or runtime.port,
        source=_source(detection, runtime),
        restart_on_edit=detection.restart_on_edit and runtime.restart_on_edit,
        install=_command(
            detection, runtime, detection.tools, _install(detection, runtime), _settle(detection, runtime)
        ),
        setup=_command(detection, runtime, detection.setup, more=_exports(detection)),
        build=_command(detection, runtime, _told(way, detection), detection.build, more=_exports(detection))
        if detection.build
        else None,
        deps_files=detection.deps_files,
        deps_key=deps_key,
        env=environment(workspace, detection, config),
        data=detection.data,
        docroot=_docroot(detection),
        spa=detection.spa,
        strip=way.strip,
        inside=_inside(workspace, config) if way.strip else "",
        rewrite=way.rewrite,
        own_host=way.own_host,
        dotenv=_dotenv(detection),
        health_path=config.health or _first_page(workspace, way, config),
        limits=_limits(config, limits or Limits()),
        read_only=detection.type is ProjectType.STATIC,
    )


def _hint(detection: Detection) -> str:
    if detection.reason in detection.problems:
        return "mend that file, or say `start:` in slipway.yaml"
    if detection.type is not ProjectType.UNKNOWN:
        return "`start:` in slipway.yaml overrides what was detected"
    return f"say `type:` and `start:` in slipway.yaml, or add {USUAL}; `slipway detect` lists all that is looked for"


def environment(workspace: str, detection: Detection, config: WorkspaceConfig) -> tuple[tuple[str, str], ...]:
    """The app's variables, sorted: ours, then the detected ones, then the user's, which win.

    The app is told its prefix in `BASE_PATH`, and in its framework's own variables. `SCRIPT_NAME` is never set: while
    the router strips the prefix gunicorn answers 500 for paths that do not begin with it.
    """
    base = config.base_path or f"/{workspace}/"
    way = living(workspace, detection, config)
    told = {name: text.format(base=base, path=base.rstrip("/")) for name, text in way.env}
    values = {"BASE_PATH": base.rstrip("/"), **told, **dict(detection.env)}
    if detection.type is ProjectType.GO and not fits(
        detection.type, CATALOGUE[ProjectType.GO].version, detection.version
    ):
        values["GOTOOLCHAIN"] = "auto"
    values |= config.env
    return tuple(sorted(values.items()))


def living(workspace: str, detection: Detection, config: WorkspaceConfig) -> Way:
    """How it lives under its prefix: by the table, and a person's word over it.

    `base_path:` names where the app itself believes it lives: with `/` (or another path) it is not told, with its own
    prefix it knows that by itself.
    """
    files = detection.type is ProjectType.STATIC or detection.output_dir is not None
    way = way_of(detection.framework, files=files)
    if config.base_path is not None:
        whole = config.base_path == f"/{workspace}/"
        own_host = OwnHost.PREFIX if whole else OwnHost.ROOT
        way = replace(way, build="", env=(), words=(), strip=not whole, own_host=own_host)
    if config.strip is not None and config.strip != way.strip:
        way = replace(way, strip=config.strip, own_host=OwnHost.BOTH if config.strip else OwnHost.PREFIX)
    if config.rewrite is not None:
        way = replace(way, rewrite=Rewrite.ALWAYS if config.rewrite else Rewrite.NEVER)
    return way


def _inside(workspace: str, config: WorkspaceConfig) -> str:
    """Where the app insists to live, "" for its root."""
    path = (config.base_path or "/").rstrip("/")
    return "" if path == f"/{workspace}" else path


def _first_page(workspace: str, way: Way, config: WorkspaceConfig) -> str:
    """Where the instance itself has its first page."""
    return f"{_inside(workspace, config) if way.strip else f'/{workspace}'}/"


def _dotenv(detection: Detection) -> tuple[str, ...]:
    """The `.env` files whose values its commands get, the nearest first.

    None for what reads them itself, with files that come before them (`.env.production`).
    """
    if detection.type is ProjectType.STATIC or detection.framework in OWN_DOTENV:
        return ()
    return tuple(dict.fromkeys(f"{folder}.env" for folder in (f"{detection.root}/" if detection.root else "", "")))


def _told(way: Way, detection: Detection) -> str | None:
    """What tells a build its prefix, in the folder of the app; a configuration we cannot change is left as it is."""
    if not way.build:
        return None
    command = f"slipway-base {way.build}"
    return f"(cd {shlex.quote(detection.member)} && {command})" if detection.member else command


def _start(detection: Detection, runtime: Runtime, way: Way) -> str:
    """The start command with what it needs before it; "" where the runtime serves by itself."""
    if detection.start is None:
        return ""
    words = (*runtime.tool_words, *runtime.start_words, *way.words, *_exports(detection))
    return _words(detection, words, detection.start)


def _exports(detection: Detection) -> tuple[str, ...]:
    return tuple(f'export {name}="{word}"' for name, word in detection.exports)


def _install(detection: Detection, runtime: Runtime) -> str | None:
    """The install; one whose lock file or rules do not fit is done without them, and says so."""
    prepare = runtime.prepare
    if detection.install is None:
        return prepare
    install = detection.install
    if prepare and prepare not in install:
        install = f"{prepare} && {{ {install}; }}"
    if detection.install_otherwise is None:
        return install
    said = "echo 'slipway: the lock file or its rules do not fit, installing without them' >&2"
    return f"{{ {install}; }} || {{ {said}; {detection.install_otherwise}; }}"


def _settle(detection: Detection, runtime: Runtime) -> str | None:
    return runtime.settle if detection.install else None


def _command(detection: Detection, runtime: Runtime, *commands: str | None, more: tuple[str, ...] = ()) -> str | None:
    given = [f"{{ {c}; }}" if len([x for x in commands if x]) > 1 else c for c in commands if c]
    return _words(detection, (*runtime.tool_words, *more), " && ".join(given)) if given else None


def _words(detection: Detection, before: tuple[str, ...], command: str) -> str:
    """Shell text: into the app's folder first, so that `$PWD` in `before` is that folder."""
    folder = (f"cd {shlex.quote(detection.root)}",) if detection.root else ()
    return "; ".join((*(f"{f} || exit 1" for f in folder), *before, command))


def _source(detection: Detection, runtime: Runtime) -> Source:
    """Direct only where nothing is installed, built or written: those need a folder of their own."""
    if runtime.source is Source.COPY or detection.source is Source.COPY:
        return Source.COPY
    return Source.COPY if detection.install or detection.setup or detection.build or detection.data else Source.DIRECT


def _docroot(detection: Detection) -> str:
    return (
        "/".join(p for p in (detection.root, detection.docroot) if p)
        if detection.type is ProjectType.STATIC
        else detection.docroot
    )


def _limits(config: WorkspaceConfig, defaults: Limits) -> Limits:
    resources = config.resources
    return Limits(
        memory=resources.memory or defaults.memory,
        cpus=resources.cpus or defaults.cpus,
        pids=defaults.pids,
        nofile=defaults.nofile,
        tmp=defaults.tmp,
    )
