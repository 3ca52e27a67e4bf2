"""What counts as source: one verdict per path, with the rule that decided.

Precedence: version control's own data (never) > secrets > `slipway.yaml` > ignore files (git's index keeps what
it tracks) > built-ins. As in git, a folder that is left out is not entered, so nothing below it is kept, except
what git tracks there or what an `include` pattern names by its path.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from monitor.domain import generated, secrets
from monitor.domain.gitignore import IgnoreFile, parse, patterns_of
from monitor.domain.gitindex import Tracked

IGNORE_FILE = ".gitignore"


@dataclass(frozen=True, slots=True)
class Overrides:
    """`slipway.yaml`'s own lists, in ignore-file syntax relative to the workspace; `exclude` beats `include`.

    `secrets` names the secrets that are kept all the same; nothing else opts in. `everything`: there is no filter at
    all, as for data volumes, where nothing can be made again.
    """

    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    everything: bool = False

    def allows_secret(self, path: str, is_dir: bool = False) -> bool:
        """The path, or a folder above it, is named as a secret to keep."""
        if self.everything:
            return True
        allowed = patterns_of(self.secrets)
        while allowed and path:
            if _hit(allowed, path, is_dir) is not None:
                return True
            path, is_dir = path.rpartition("/")[0], True
        return False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Kept as source or not, and the rule that decided.

    `runs`: a running copy gets it (everything kept, secrets such as `.env`, single files git ignores; never a
    folder that was left out). `enter`: a folder the walk goes into.
    """

    kept: bool
    reason: str = ""
    secret: bool = False
    runs: bool = False
    enter: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one folder shows of itself: its names, its ignore file, and what its build script writes."""

    names: Collection[str] = ()
    ignore: bytes = b""
    outputs: Collection[str] = ()


_KEPT_FILE = Verdict(True, "source", runs=True)
_KEPT_FOLDER = Verdict(True, "source", runs=True, enter=True)


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules as seen from one folder; `decide` about its names, `into` the next one."""

    path: str = ""
    here: Surroundings = field(default_factory=Surroundings)
    ignores: tuple[tuple[int, str, IgnoreFile], ...] = ()
    tracked: Tracked = field(default_factory=Tracked)
    overrides: Overrides = field(default_factory=Overrides)
    left_out: str = ""
    included: bool = False

    def decide(self, name: str, is_dir: bool, *, text: str | None = None) -> Verdict:
        """About one name in this folder; `text` is needed where `secrets.must_look(name)`."""
        if self.overrides.everything:
            return _KEPT_FOLDER if is_dir else _KEPT_FILE
        path = f"{self.path}/{name}" if self.path else name
        if name in generated.VERSION_CONTROL:
            return Verdict(False, f"built-in: {name} is version control's own data")
        secret = self._secret(name, path, is_dir, text)
        if secret and self.overrides.allows_secret(path, is_dir):
            return Verdict(True, "a secret that slipway.yaml keeps", runs=True, enter=is_dir)
        if secret:
            return Verdict(False, secret, secret=True, runs=not is_dir)
        if self.overrides.exclude or self.overrides.include or self.included:
            chosen = self._chosen(path, is_dir)
            if chosen is not None:
                return chosen
        if not is_dir and path in self.tracked.files:
            return Verdict(True, "tracked by git", runs=True)
        left_out = self._left_out(name, path, is_dir)
        if left_out is None:
            return _KEPT_FOLDER if is_dir else _KEPT_FILE
        if is_dir and (path in self.tracked.folders or self._leads_to_included(path)):
            return Verdict(False, left_out.reason, enter=True)
        return left_out

    def into(self, name: str, verdict: Verdict, here: Surroundings) -> FolderRules:
        """The same rules one folder down; `verdict` is this folder's own about `name`."""
        path = f"{self.path}/{name}" if self.path else name
        included = self.included or verdict.reason.startswith(_INCLUDE)
        left_out = "" if verdict.kept else verdict.reason
        return FolderRules(
            path, here, _with(self.ignores, path, here.ignore), self.tracked, self.overrides, left_out, included
        )

    def tracking(self, more: Tracked) -> FolderRules:
        """The same rules, knowing of more that git tracks (a repository inside the workspace)."""
        return replace(self, tracked=self.tracked.plus(more))

    def _secret(self, name: str, path: str, is_dir: bool, text: str | None) -> str:
        reason = secrets.secret_by_name(name, is_dir)
        if not reason and not is_dir:
            if secrets.must_look(name):
                reason = secrets.secret_by_text(name, text)
            elif path.endswith(".docker/config.json"):
                reason = "secret: .docker/config.json holds registry credentials"
        return reason

    def _chosen(self, path: str, is_dir: bool) -> Verdict | None:
        pattern = _hit(patterns_of(self.overrides.exclude), path, is_dir)
        if pattern is not None:
            return Verdict(False, f"slipway.yaml excludes it: {pattern}", runs=not is_dir)
        pattern = _hit(patterns_of(self.overrides.include), path, is_dir)
        if pattern is not None or self.included:
            why = f"{_INCLUDE}: {pattern}" if pattern is not None else f"{_INCLUDE}, with its folder"
            return Verdict(True, why, runs=True, enter=is_dir)
        return None

    def _left_out(self, name: str, path: str, is_dir: bool) -> Verdict | None:
        ignored, taken_back = self._ignored(name, path, is_dir)
        if self.left_out and (is_dir or not ignored):
            return Verdict(False, self.left_out)
        builtin = self._builtin(name, is_dir)
        if ignored:
            return Verdict(False, ignored, runs=not is_dir and not builtin and not self.left_out)
        return Verdict(False, builtin) if builtin and not taken_back else None

    def _ignored(self, name: str, path: str, is_dir: bool) -> tuple[str, bool]:
        """The ignore line that leaves it out, or whether a line naming it takes it back in."""
        if not self.ignores:
            return "", False
        whole, last = _bytes(path), _bytes(name)
        for cut, source, patterns in reversed(self.ignores):
            pattern = patterns.match(whole[cut:], last, is_dir)
            if pattern is not None and pattern.negated:
                return "", pattern.literal or not is_dir
            if pattern is not None:
                return f"{source}:{pattern.line}: {pattern.text}", False
        return "", False

    def _builtin(self, name: str, is_dir: bool) -> str:
        if is_dir:
            return generated.generated_folder(name, self.here.names, self.here.outputs)
        return generated.generated_file(name)

    def _leads_to_included(self, path: str) -> bool:
        return any(_hit(patterns_of((way,)), path, True) for way in _ways(self.overrides.include))


_INCLUDE = "slipway.yaml includes it"


def top_folder(
    here: Surroundings,
    *,
    tracked: Tracked | None = None,
    overrides: Overrides | None = None,
    exclude_file: bytes = b"",
) -> FolderRules:
    """The rules at a workspace's top; `exclude_file` is `.git/info/exclude`, weaker than any `.gitignore`."""
    ignores = _with((), "", exclude_file, ".git/info/exclude")
    chosen = overrides or Overrides()
    rules = FolderRules("", here, _with(ignores, "", here.ignore), tracked or Tracked(), chosen)
    return replace(rules, included=chosen.everything)


@dataclass(frozen=True, slots=True)
class FilterRules:
    """The whole filter over known surroundings (by folder, `""` for the top), for asking about one path."""

    surroundings: Mapping[str, Surroundings]
    tracked: Tracked = field(default_factory=Tracked)
    overrides: Overrides = field(default_factory=Overrides)
    exclude_file: bytes = b""

    def decide(self, path: str, is_dir: bool, *, text: str | None = None) -> Verdict:
        """About `path`; a folder above it that is not entered decides for it."""
        *above, name = path.split("/")
        folder = top_folder(
            self._at(""), tracked=self.tracked, overrides=self.overrides, exclude_file=self.exclude_file
        )
        for segment in above:
            verdict = folder.decide(segment, True)
            if not verdict.enter:
                return Verdict(False, verdict.reason, secret=verdict.secret)
            folder = folder.into(segment, verdict, self._at(f"{folder.path}/{segment}" if folder.path else segment))
        return folder.decide(name, is_dir, text=text)

    def _at(self, folder: str) -> Surroundings:
        return self.surroundings.get(folder, Surroundings())


def _with(
    ignores: tuple[tuple[int, str, IgnoreFile], ...], folder: str, text: bytes, source: str = ""
) -> tuple[tuple[int, str, IgnoreFile], ...]:
    patterns = parse(text) if text else None
    if not patterns:
        return ignores
    cut = len(_bytes(folder)) + 1 if folder else 0
    name = source or (f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE)
    return (*ignores, (cut, name, patterns))


def _hit(patterns: IgnoreFile, path: str, is_dir: bool) -> str | None:
    name = path.rpartition("/")[2]
    pattern = patterns.match(_bytes(path), _bytes(name), is_dir)
    return pattern.text if pattern is not None and not pattern.negated else None


@lru_cache(maxsize=256)
def _ways(include: tuple[str, ...]) -> tuple[str, ...]:
    """The folders on the way to what an include pattern names by path: `a/b/*.js` → `/a`, `/a/b`."""
    found: list[str] = []
    for pattern in include:
        segments = pattern.strip("/").split("/")
        found += ["/" + "/".join(segments[:end]) for end in range(1, len(segments))]
    return tuple(found)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
