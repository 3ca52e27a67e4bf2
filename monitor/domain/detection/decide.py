"""A person's word over what was detected: `slipway.yaml` on top of the table's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection.result import SURE, Detection
from monitor.domain.detection.table import detect_tree
from monitor.domain.launch import ProjectType
from monitor.domain.runtimes import CATALOGUE
from monitor.domain.tree import Tree


def detect(tree: Tree, texts: Mapping[str, str], config: WorkspaceConfig | None = None) -> Detection:
    """What the folder `tree` holds and how it runs; never raises, whatever the folder holds.

    `texts` are the texts of `wanted_paths(tree)`, those that could be read. `config` wins over all that is detected:
    an unknown folder with `type` and `start` in its `slipway.yaml` becomes runnable.
    """
    if config is None:
        return detect_tree(tree, texts)
    wanted = ProjectType(config.type) if config.type else None
    found = detect_tree(tree, texts, wanted, config.root or "")
    return _overridden(found, config)


def _overridden(found: Detection, config: WorkspaceConfig) -> Detection:
    said = {
        name
        for name in ("version", "install", "build", "start", "port", "docroot", "spa", "base_path")
        if getattr(config, name) is not None
    }
    if not said and not config.data and not config.env:
        return found
    changes: dict[str, Any] = {name: getattr(config, name) for name in said}
    if "version" in said:
        changes["version_from"] = "slipway.yaml"
    if config.start is not None:
        changes |= {
            "confidence": SURE,
            "exports": (),
            "reason": "slipway.yaml says how it starts",
            "refusal": found.refusal if _by_itself(found) else None,
            "own": found.own if _by_itself(found) else None,
        }
        runtime = CATALOGUE.get(found.type)
        changes["port"] = config.port or (runtime.port if runtime else None)
        changes["output_dir"] = None
    if config.data:
        changes["data"] = tuple(dict.fromkeys([*found.data, *config.data]))
    evidence = (*found.evidence, f"slipway.yaml sets {', '.join(sorted(said))}") if said else found.evidence
    return replace(found, evidence=evidence, **changes)


def _by_itself(found: Detection) -> bool:
    """A start command does not undo a compose file: only `type` says which runtime would run it."""
    return found.type in {ProjectType.COMPOSE, ProjectType.DOCKERFILE, ProjectType.UNKNOWN}
