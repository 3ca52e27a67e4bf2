"""From a detection and the workspace's configuration to the launch spec: environment, shell words, limits, data."""

from __future__ import annotations

import shlex

from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection.result import Detection
from monitor.domain.detection.table import LOOKED_FOR
from monitor.domain.launch import LaunchSpec, Limits, ProjectType, Source
from monitor.domain.runtimes import CATALOGUE, Runtime, fits
from monitor.errors import Refused


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
    limits: Limits | None = None,
) -> LaunchSpec:
    """The launch spec of a workspace; `deps_key` is filled in once the manifests' bytes are known.

    `limits` are the installation's defaults, which `resources:` may change. Raises `NotRunnable` where there is
    nothing to run or something forbids it; the same folder will be refused again until it changes.
    """
    config = config or WorkspaceConfig()
    runtime = CATALOGUE.get(detection.type)
    if runtime is None or not detection.runnable:
        raise NotRunnable(detection.refusal or detection.reason, hint=_hint(detection))
    return LaunchSpec(
        workspace=workspace,
        type=detection.type,
        runtime=runtime.folder,
        start=_start(detection, runtime),
        user=user,
        port=detection.port or runtime.port,
        source=_source(detection, runtime),
        restart_on_edit=detection.restart_on_edit and runtime.restart_on_edit,
        install=_command(detection, runtime, detection.tools, _install(detection, runtime)),
        setup=_command(detection, runtime, detection.setup),
        build=_command(detection, runtime, detection.build),
        deps_files=detection.deps_files,
        deps_key=deps_key,
        env=environment(workspace, detection, config),
        data=detection.data,
        docroot=_docroot(detection),
        spa=detection.spa,
        strip=config.strip if config.strip is not None else True,
        health_path=config.health or "/",
        limits=_limits(config, limits or Limits()),
        read_only=detection.type is ProjectType.STATIC,
    )


def _hint(detection: Detection) -> str:
    if detection.type is not ProjectType.UNKNOWN:
        return "`start:` in slipway.yaml overrides what was detected"
    return f"say `type:` and `start:` in slipway.yaml, or add what is looked for: {LOOKED_FOR}"


def warnings(detection: Detection) -> tuple[str, ...]:
    """Sentences for the card: what could not be read, and a version the base does not have."""
    runtime = CATALOGUE.get(detection.type)
    if runtime is None or fits(detection.type, detection.version):
        return detection.problems
    asked = f"{detection.version_from or 'the project'} asks for {detection.type} {detection.version}"
    return (*detection.problems, f"{asked}; it runs on {runtime.version}, which is what is there")


def environment(workspace: str, detection: Detection, config: WorkspaceConfig) -> tuple[tuple[str, str], ...]:
    """The app's variables, sorted: ours, then the detected ones, then the user's, which win.

    The app is told its prefix in `BASE_PATH`; names that servers act upon (`SCRIPT_NAME`) are not set
    while the router strips the prefix: gunicorn answers 500 for paths that do not begin with it.
    """
    prefix = config.base_path or f"/{workspace}/"
    values = {"BASE_PATH": prefix.rstrip("/"), **dict(detection.env)}
    if detection.type is ProjectType.GO and not fits(detection.type, detection.version):
        values["GOTOOLCHAIN"] = "auto"
    values |= config.env
    return tuple(sorted(values.items()))


def _start(detection: Detection, runtime: Runtime) -> str:
    """The start command with what it needs before it; "" where the runtime serves by itself."""
    if detection.start is None:
        return ""
    exports = tuple(f'export {name}="{word}"' for name, word in detection.exports)
    return _words(detection, (*runtime.tool_words, *runtime.start_words, *exports), detection.start)


def _install(detection: Detection, runtime: Runtime) -> str | None:
    """The install; one whose lock file does not fit its manifest is done without it, and says so."""
    prepare = runtime.prepare
    if detection.install is None:
        return prepare
    install = detection.install
    if prepare and prepare not in install:
        install = f"{prepare} && {{ {install}; }}"
    if detection.install_otherwise is None:
        return install
    said = "echo 'slipway: the lock file does not fit, installing without it' >&2"
    return f"{{ {install}; }} || {{ {said}; {detection.install_otherwise}; }}"


def _command(detection: Detection, runtime: Runtime, *commands: str | None) -> str | None:
    given = [f"{{ {c}; }}" if len([x for x in commands if x]) > 1 else c for c in commands if c]
    return _words(detection, runtime.tool_words, " && ".join(given)) if given else None


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
