"""One look at a folder: its tree, what it is, what should run for it, and every reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.domain.config import WorkspaceConfig
from monitor.domain.config_git import Git
from monitor.domain.config_keep import Keep
from monitor.domain.config_text import ConfigError
from monitor.domain.describing import described
from monitor.domain.detection import MAX_BYTES, Detection, detect, wanted_paths
from monitor.domain.filters import Overrides
from monitor.domain.launch import LaunchSpec
from monitor.domain.launching import NotRunnable, living, spec_for
from monitor.domain.redaction import secrets_of
from monitor.domain.tree import Entry, Kind, Tree
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine, Launch
from monitor.ports.files import Files
from monitor.services.following import NO_OVERRIDES, Following, Touched, nothing_known, overrides_of
from monitor.services.stacks import Seen, Stacks
from monitor.services.versions import OTHERWISE, Versions

NO_TERMS = Keep()
OWN_HINT = "mend it, or set `type:` in slipway.yaml to run the folder without it"
MAX_DOTENV, DOTENV_BYTES = 10, 64 * 1024
RACY_TRIES = 10
RACY_S = 0.1


Tell = Callable[[str, Path, Tree, Overrides, int], None]


def nobody_keeps(_name: str, _folder: Path, _tree: Tree, _overrides: Overrides, _seen_ns: int) -> None:
    """What is seen is kept by nobody."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen and decided; `spec` is None where nothing can run, `reason` and `hint` say why.

    `failed`: recognised but not runnable. `hold`: its settings are broken, what runs stays. `told`: how it knows
    its prefix. `secrets`: values that are hidden in what it prints.
    """

    tree: Tree
    launch: Launch
    type: str = "unknown"
    spec: LaunchSpec | None = None
    reason: str = ""
    hint: str = ""
    failed: bool = False
    hold: bool = False
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    description: str = ""
    icon: str = ""
    overrides: Overrides = NO_OVERRIDES
    told: str = ""
    secrets: frozenset[str] = frozenset()
    keep: Keep = NO_TERMS
    git: Git | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    digest: str
    look: Look


class Survey:
    """Looks at workspaces. `user_of` turns a folder's owner into the user its instance runs as; `copies` is
    where readable copies of folders that user cannot read are kept; `touched` says which paths hints named. `found`
    is told what stands there before anything is decided: keeping it does not wait for how it is served."""

    def __init__(
        self,
        files: Files,
        engine: Engine,
        clock: Clock,
        *,
        user_of: Callable[[tuple[int, int]], tuple[int, int]],
        copies: Path,
        touched: Touched = nothing_known,
        found: Tell = nobody_keeps,
    ) -> None:
        self._files = files
        self._engine = engine
        self._clock = clock
        self._user_of = user_of
        self._copies = copies
        self._following = Following(files, clock, touched)
        self._found = found
        self._stacks = Stacks(files, engine)
        self._versions = Versions(engine)
        self._known: dict[str, _Known] = {}
        self.look_s = 0.002

    async def look(self, name: str, folder: Path, seen_ns: int = 0) -> Look:
        """The folder as it is now; raises `FolderGone`. A folder that did not change is not read again.

        `seen_ns` is the first event of the batch that led here."""
        begun = self._clock.monotonic()
        found = await self._following.look(name, folder)
        tree, broken = found.tree, found.broken
        self._found(name, folder, tree, found.overrides, seen_ns)
        digest = tree.running_digest()
        known = self._known.get(name)
        if known and known.digest == digest and await self._stands(known.look):
            look = replace(known.look, tree=tree)
        else:
            look = await self._decide(name, folder, tree, found.config, digest)
            self._known[name] = _Known(digest, look)
        self.look_s += 0.1 * (self._clock.monotonic() - begun - self.look_s)
        return _held(look, broken) if broken else look

    def forget(self, name: str) -> None:
        """Decide anew at the next look: what could not be had may be there by then."""
        self._known.pop(name, None)
        self._following.forget(name)

    async def _stands(self, look: Look) -> bool:
        """Whether what was decided about an unchanged folder still holds."""
        return look.launch.source.exists() and (look.spec is None or await self._versions.stands(look.spec))

    async def _decide(self, name: str, folder: Path, tree: Tree, config: WorkspaceConfig, digest: str) -> Look:
        wanted = frozenset(wanted_paths(tree))
        texts = await self._files.read_texts(folder, tree, wanted.__contains__, MAX_BYTES)
        detection = detect(tree, texts, config)
        user = self._user_of(await self._files.owner(folder))
        source, notes = await self._source(name, folder, tree, user)
        look = Look(
            tree=tree,
            launch=Launch(source, _running_paths(tree), digest),
            type=detection.type.value,
            evidence=detection.evidence,
            warnings=(*(one for one in detection.problems if one != detection.reason), *notes, *tree.problems),
            description=config.description or described(texts),
            icon=config.icon or "",
            overrides=overrides_of(config),
            secrets=secrets_of(config.env, await self._dotenv(folder, tree)),
            keep=config.keep,
            git=config.git,
        )
        return await self._with_spec(look, name, folder, detection, config, user)

    async def _with_spec(
        self,
        look: Look,
        name: str,
        folder: Path,
        detection: Detection,
        config: WorkspaceConfig,
        user: tuple[int, int],
    ) -> Look:
        if detection.own:
            seen = Seen(name, folder, look.tree, look.launch, detection, config, user)
            try:
                found = await self._stacks.find(seen)
            except (Refused, ConfigError) as error:
                return replace(look, reason=error.message, hint=error.hint or OWN_HINT, failed=True)
            look = replace(
                look, warnings=(*found.warnings, *look.warnings), evidence=(*look.evidence, *found.evidence)
            )
            if found.spec is not None:
                return replace(look, spec=found.spec, reason=detection.reason)
        version = await self._versions.settle(detection, config)
        evidence = (*look.evidence, *version.evidence)
        look = replace(look, evidence=evidence, warnings=(*version.warnings, *look.warnings))
        if version.refusal:
            return replace(look, reason=version.refusal, hint=OTHERWISE, failed=True)
        try:
            spec = spec_for(name, detection, config, user=user, base=version.base)
        except NotRunnable as error:
            failed = detection.type.value != "unknown" or detection.refusal is not None
            return replace(look, reason=error.message, hint=error.hint, failed=failed)
        if spec.install:
            contents = await self._contents(folder, look.tree, spec.deps_files)
            spec = replace(spec, deps_key=await self._engine.deps_key(spec, contents))
        return replace(look, spec=spec, reason=detection.reason, told=living(name, detection, config).how)

    async def _source(
        self, name: str, folder: Path, tree: Tree, user: tuple[int, int]
    ) -> tuple[Path, tuple[str, ...]]:
        if await self._files.readable_by(folder, tree, *user):
            return folder, ()
        copy = self._copies / name
        exported = await self._files.export(folder, tree, copy)
        note = "the app's user cannot read this folder: it is served from a readable copy, kept current at each save"
        return copy, (note, *exported.problems)

    async def _dotenv(self, folder: Path, tree: Tree) -> list[str]:
        """The texts of its `.env` files, which are never source: only to know what must not be shown."""
        found = [item for item in tree.excluded if item.runs and item.path.rpartition("/")[2].startswith(".env")]
        entries = {item.path: Entry(item.path, Kind.FILE, item.size) for item in found[:MAX_DOTENV]}
        texts = await self._files.read_texts(folder, Tree(entries), lambda _path: True, DOTENV_BYTES)
        return list(texts.values())

    async def _contents(self, folder: Path, tree: Tree, paths: tuple[str, ...]) -> dict[str, bytes]:
        """The bytes of what an install needs; a file being written this moment is waited for."""
        entries = _files_at(tree, paths)
        contents: dict[str, bytes] = {}
        for _ in range(RACY_TRIES):
            read = await self._files.read_many(folder, entries)
            contents |= {path: found for path, found in read.items() if isinstance(found, bytes)}
            entries = [entry for entry in entries if entry.path not in contents]
            if not entries:
                break
            await asyncio.sleep(RACY_S)
        return contents | {entry.path: repr(entry.stamp).encode() for entry in entries}


def _files_at(tree: Tree, paths: tuple[str, ...]) -> list[Entry]:
    """The files named, and all files below the folders named."""
    below = tuple(f"{path.rstrip('/')}/" for path in paths)
    return [e for e in tree if e.kind is Kind.FILE and (e.path in paths or e.path.startswith(below))]


def _running_paths(tree: Tree) -> tuple[str, ...]:
    extra = (item.path for item in tree.excluded if item.runs)
    return tuple(sorted({*tree.entries, *extra}))


def _held(look: Look, broken: ConfigError) -> Look:
    return replace(look, reason=broken.message, hint=broken.hint, hold=True, failed=True, spec=None)
