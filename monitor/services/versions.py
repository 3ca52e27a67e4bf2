"""Which interpreter a workspace runs on: the one that is there where it satisfies the pin, else an official image."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.bases import base_for, fits
from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection import Detection
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.ports.engine import Engine

OTHERWISE = "change the pin, or leave `strict:` out of slipway.yaml to run it on what is there"


@dataclass(frozen=True, slots=True)
class Version:
    """`base` is the image its runtime stands on, "" for the engine's own; sentences for the card.

    `refusal` says why it must not run, where slipway.yaml is strict.
    """

    base: str = ""
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusal: str = ""


class Versions:
    """Compares pins with what the engine has and can get; remembers nothing, the engine does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def settle(self, detection: Detection, config: WorkspaceConfig) -> Version:
        """The version a detected folder runs on, and where that comes from."""
        have = await self._engine.offers(detection.type)
        pin = detection.version
        if have is None:
            return Version()
        source = detection.version_from or "the project"
        if pin is None or fits(detection.type, have, pin):
            asked = f", and {source} asks for {pin}" if pin else ""
            return Version(evidence=(f"runs on {detection.type} {have}{asked}",))
        base = base_for(detection.type, pin)
        why = await self._engine.basis(detection.type, base.image) if base else "no version of it is known"
        if base and not why:
            runs = f"runs on {detection.type} {base.version} (the image {base.image})"
            return Version(base.image, (f"{runs}, because {source} asks for {pin}",))
        return _without(detection, config, have, why)

    async def stands(self, spec: LaunchSpec) -> bool:
        """Whether the image a spec was settled on can still be had; nobody is asked where it is here."""
        return not spec.base or not await self._engine.basis(spec.type, spec.base)


def _without(detection: Detection, config: WorkspaceConfig, have: str, why: str) -> Version:
    asked = f"{detection.version_from or 'the project'} asks for {detection.type} {detection.version}"
    if config.strict:
        return Version(refusal=f"{asked}, which cannot be had ({why}); here is {have}, and slipway.yaml is strict")
    said = f"{asked}; it runs on {have}, which is what is there ({why})"
    if detection.type is ProjectType.NODE and detection.install:
        said += ", or on a newer one from npm where its packages ask for that"
    return Version("", (f"runs on {detection.type} {have}",), (said,))
