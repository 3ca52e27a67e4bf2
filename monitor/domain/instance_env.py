"""The environment an instance is told its contract by (`runtimes/README.md`), the same under every engine."""

from __future__ import annotations

from monitor.domain.launch import LaunchSpec, Source


def instance_env(spec: LaunchSpec) -> dict[str, str]:
    """Given a spec, return its variables: the user's own first, so that none of them can replace the contract's.

    Where the folders are (`SLIPWAY_SOURCE` …) and `HOST` are the engine's part.
    """
    return {
        **dict(spec.env),
        "PORT": str(spec.port),
        "SLIPWAY_SOURCE_MODE": spec.source.value,
        "SLIPWAY_BASE_PATH": spec.base_path,
        "SLIPWAY_STRIP": _flag(spec.strip),
        "SLIPWAY_START": spec.start,
        "SLIPWAY_RESTART": _flag(spec.restart_on_edit),
        **_optional(spec),
    }


def install_env(spec: LaunchSpec) -> dict[str, str]:
    """The variables of the container that installs dependencies."""
    return {**dict(spec.env), "SLIPWAY_INSTALL": spec.install or ""}


def downloads(spec: LaunchSpec) -> bool:
    """Whether its start may download: it has lifecycle scripts or a build to run."""
    return spec.source is Source.COPY and bool(spec.setup or spec.build)


def _optional(spec: LaunchSpec) -> dict[str, str]:
    values = {
        "SLIPWAY_SETUP": spec.setup or "",
        "SLIPWAY_BUILD": spec.build or "",
        "SLIPWAY_DOTENV": "\n".join(spec.dotenv),
        "SLIPWAY_DATA_PATHS": "\n".join(spec.data),
        "SLIPWAY_DOCROOT": spec.docroot,
        "SLIPWAY_SPA": "1" if spec.spa else "",
    }
    return {name: value for name, value in values.items() if value}


def _flag(value: bool) -> str:
    return "1" if value else "0"
