"""Every setting of a workspace as it is in force, and where it comes from: `slipway.yaml`, detected, or default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from monitor.domain.config import FILE, WorkspaceConfig
from monitor.domain.detection.result import Detection
from monitor.domain.launch import Limits
from monitor.domain.launching import environment, living
from monitor.domain.redaction import Redactor, secrets_of
from monitor.domain.runtimes import CATALOGUE

DETECTED, DEFAULT = "detected", "default"
_TABLES = ("resources", "sync", "keep")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `origin` is `slipway.yaml`, `detected` or `default`; `why` says more where more is known.

    Values of variables whose names sound secret are hidden.
    """

    key: str
    value: Any
    origin: str
    why: str = ""


def in_force(workspace: str, detection: Detection, config: WorkspaceConfig) -> list[Setting]:
    """Everything `slipway.yaml` may say, in its order, with what stands where it says nothing."""
    found = _found(workspace, detection, config)
    settings: list[Setting] = []
    for key in WorkspaceConfig.model_fields:
        if key in _TABLES:
            settings += _table(key, getattr(config, key))
        elif key == "env":
            settings += _variables(workspace, detection, config)
        else:
            settings.append(_one(key, config, found))
    return settings


def _one(key: str, config: WorkspaceConfig, found: dict[str, Setting]) -> Setting:
    if key in config.model_fields_set and getattr(config, key) is not None:
        return Setting(key, getattr(config, key), FILE)
    return found.get(key) or Setting(key, getattr(config, key), DEFAULT)


def _found(workspace: str, detection: Detection, config: WorkspaceConfig) -> dict[str, Setting]:
    """What was recognised, and the defaults that depend on it."""
    runtime, way = CATALOGUE.get(detection.type), living(workspace, detection, config)
    said = {
        "type": (detection.type.value, detection.reason),
        "version": (detection.version, f"{detection.version_from} says so" if detection.version_from else ""),
        "root": (detection.root or None, ""),
        "install": (detection.install, f"package manager {detection.package_manager}"),
        "build": (detection.build, f"framework {detection.framework}" if detection.framework else ""),
        "start": (detection.start, f"framework {detection.framework}" if detection.framework else ""),
        "port": (detection.port, ""),
        "docroot": (detection.docroot or None, ""),
        "spa": (detection.spa or None, ""),
        "data": (list(detection.data) or None, "it writes there"),
    }
    found = {key: Setting(key, value, DETECTED, why) for key, (value, why) in said.items() if value is not None}
    told = f"told by {way.how}" if way.how else ""
    found["strip"] = Setting("strip", way.strip, DETECTED if detection.framework else DEFAULT, told)
    if runtime is not None:
        found.setdefault("port", Setting("port", runtime.port, DEFAULT, "the runtime's own"))
        if "version" not in found:
            found["version"] = Setting("version", runtime.version, DEFAULT, "what the runtime has")
    return found


def _variables(workspace: str, detection: Detection, config: WorkspaceConfig) -> Iterator[Setting]:
    every = dict(environment(workspace, detection, config))
    hidden, ours = Redactor(secrets_of(every)), dict(detection.env)
    for name, value in every.items():
        origin = FILE if name in config.env else DETECTED if name in ours else DEFAULT
        why = "" if origin != DEFAULT else "set by Slipway, so that it knows where it lives"
        yield Setting(f"env.{name}", hidden.line(value), origin, why)


def _table(key: str, table: BaseModel) -> Iterator[Setting]:
    defaults = {"resources.memory": Limits().memory, "resources.cpus": Limits().cpus}
    for name in type(table).model_fields:
        value, path = getattr(table, name), f"{key}.{name}"
        if isinstance(value, BaseModel):
            yield from _table(path, value)
        elif name in table.model_fields_set and value is not None:
            yield Setting(path, value, FILE)
        else:
            yield Setting(path, defaults.get(path, value), DEFAULT)
