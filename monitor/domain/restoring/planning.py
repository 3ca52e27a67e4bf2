"""From what was and what stands there now to a plan: a decision per path, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from monitor.domain.generated import VERSION_CONTROL, generated_folder
from monitor.domain.history.entry import Entry, kept_time
from monitor.domain.restoring.plan import Act, Left, Mode, RestorePlan, Step
from monitor.domain.restoring.standing import Standing, ancestors, below, folders_above
from monitor.domain.tree import Kind

MAX_DEPTH = 200


def plan_restore(
    wanted: Mapping[str, Entry],
    standing: Standing,
    mode: Mode = Mode.MIRROR,
    *,
    path: str = "",
    same: Collection[str] = (),
    shared: Collection[str] = (),
) -> RestorePlan:
    """What turns the target into `wanted` (a whole state), or the part of it at and below `path`.

    `same`: files whose bytes were compared and are those wanted. `shared`: files that have another name somewhere
    (hard links), so that not even their mode may be set in place. In merge mode a file or link in the way of a wanted
    path is overwritten, a folder with files never is.
    """
    return _Planner(below(wanted, path), standing, mode, path, same, shared).plan()


class _Planner:
    def __init__(
        self,
        wanted: Mapping[str, Entry],
        standing: Standing,
        mode: Mode,
        path: str,
        same: Collection[str],
        shared: Collection[str],
    ) -> None:
        self._now, self._mode, self._path = standing, mode, path
        self._same, self._shared = same, shared
        self._overs: dict[str, str] = {}
        self._refused = {p: why for p, e in wanted.items() if (why := self._refusal(e))}
        self._wanted = {p: e for p, e in wanted.items() if p not in self._refused}
        self._folders = folders_above(self._wanted) | {p for p, e in self._wanted.items() if e.kind is Kind.DIR}
        self._here = below(standing.entries, path)
        self._then = _names_by_folder(self._wanted)
        self._names = _names_by_folder(standing.entries)

    def plan(self) -> RestorePlan:
        removed, stay = self._removals()
        steps = [*(self._step(entry) for entry in self._wanted.values()), *removed]
        frames = self._frames(steps)
        left = {p: why for p, why in self._now.held.items() if self._selected(p)}
        return RestorePlan(
            self._mode,
            self._path,
            tuple(sorted(steps, key=lambda step: step.path)),
            tuple(Left(p, why) for p, why in sorted(self._refused.items())),
            tuple(Left(p, why) for p, why in sorted({**stay, **left}.items())),
            self._cleared(removed),
            sum(frames.values()),
            len({pack for pack, _ in frames}),
        )

    def _refusal(self, entry: Entry) -> str:
        path, now = entry.path, self._now
        segments = path.split("/")
        if not VERSION_CONTROL.isdisjoint(segments):
            return "version control's own data is never placed"
        if len(segments) - (entry.kind is not Kind.DIR) > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH} folders"
        if why := now.obstacle(path):
            return why
        if why := self._over(path.rpartition("/")[0]):
            return why
        return self._folder_in_the_way(entry) if entry.kind is not Kind.DIR else ""

    def _over(self, folder: str) -> str:
        """What keeps everything in this folder from being placed; asked for once for all that is in it."""
        if folder not in self._overs:
            found = next((above for above in ancestors(f"{folder}/") if self._blocks(above)), None)
            self._overs[folder] = f"{found} is no folder now, and outside of what was asked for" if found else ""
        return self._overs[folder]

    def _blocks(self, above: str) -> bool:
        current = self._now.entries.get(above)
        return current is not None and current.kind is not Kind.DIR and not self._selected(above)

    def _folder_in_the_way(self, entry: Entry) -> str:
        path, now = entry.path, self._now
        if path in now.holders:
            return f"a folder stands there, and in it {now.held_below(path)}, which is not to be touched"
        if path in now.held:
            return f"a folder stands there that is not to be touched: {now.held[path]}"
        if self._mode is Mode.MERGE and path in now.folders and path not in now.entries:
            return "a folder with files stands there, and merge deletes nothing"
        return ""

    def _step(self, entry: Entry) -> Step:
        if entry.kind is Kind.DIR:
            return self._folder(entry)
        current = self._now.entries.get(entry.path)
        if current is None or current.kind is not entry.kind:
            there = current.kind.value if current else "folder" if entry.path in self._now.folders else ""
            act = Act.REPLACE if there else Act.WRITE
            return Step(entry.path, act, f"a {there} stands there" if there else "not there now", entry.size)
        if entry.kind is Kind.SYMLINK:
            same = current.target == entry.target
            reason = "" if same else "it leads elsewhere"
        else:
            same, reason = entry.path in self._same, "its content differs"
        if not same:
            return Step(entry.path, Act.REPLACE, reason, entry.size)
        stamps = self._stamps(entry, current.mode, current.mtime_ns)
        if stamps and entry.path in self._shared:
            return Step(entry.path, Act.REPLACE, f"{stamps}; it has another name, which must not change", entry.size)
        return Step(entry.path, Act.STAMP if stamps else Act.KEEP, stamps, entry.size)

    def _folder(self, entry: Entry) -> Step:
        current = self._now.entries.get(entry.path)
        if current is not None and current.kind is not Kind.DIR:
            return Step(entry.path, Act.REPLACE, f"a {current.kind.value} stands there")
        if current is not None:
            stamps = self._stamps(entry, current.mode, current.mtime_ns)
            return Step(entry.path, Act.FOLDER if stamps else Act.KEEP, stamps)
        if entry.path not in self._now.folders and entry.path not in self._now.holders:
            return Step(entry.path, Act.FOLDER, "not there now")
        if self._mode is Mode.MERGE:
            return Step(entry.path, Act.KEEP, "it holds something now")
        return Step(entry.path, Act.FOLDER, "it was empty")

    @staticmethod
    def _stamps(entry: Entry, mode: int, mtime_ns: int) -> str:
        if entry.kind is not Kind.SYMLINK and mode != entry.mode:
            return f"mode {mode:04o} → {entry.mode:04o}"
        return "its time differs" if kept_time(mtime_ns) != entry.mtime_ns else ""

    def _removals(self) -> tuple[list[Step], dict[str, str]]:
        """What goes, and what stays because of a refused path above it."""
        steps: list[Step] = []
        stay: dict[str, str] = {}
        for path, entry in self._here.items():
            if path in self._wanted or path in self._refused or entry.kind is Kind.DIR:
                continue
            in_the_way = path in self._folders
            if self._mode is Mode.MERGE and not in_the_way:
                continue
            over = next((above for above in ancestors(path) if above in self._refused), None)
            if over is not None:
                stay[path] = f"{over} cannot be placed, so all in it stays"
                continue
            if not in_the_way and (why := self._made_again(path)):
                stay[path] = why
                continue
            reason = "a folder comes in its place" if in_the_way else "not there then"
            steps.append(Step(path, Act.REMOVE, reason, entry.size))
        return steps, stay

    def _made_again(self, path: str) -> str:
        """Why it is nothing to be removed once the rest is restored: `node_modules`, with its `package.json` back."""
        for folder in ancestors(path):
            above, _, name = folder.rpartition("/")
            why = generated_folder(name, self._then.get(above, ()))
            if why and folder not in self._folders and not generated_folder(name, self._names.get(above, ())):
                return why
        return ""

    def _cleared(self, removed: list[Step]) -> tuple[str, ...]:
        gone = folders_above(step.path for step in removed) | {
            path for path, entry in self._wanted.items() if entry.kind is not Kind.DIR and path in self._now.folders
        }
        if self._mode is Mode.MIRROR:
            empty = {
                path
                for path, entry in self._here.items()
                if entry.kind is Kind.DIR and not self._made_again(f"{path}/")
            }
            gone |= empty | folders_above(empty)
        staying = self._folders | self._now.holders | self._now.held.keys()
        staying |= self._refused.keys() | folders_above(self._refused)
        gone = {path for path in gone - staying if self._selected(path) and not self._under_refused(path)}
        return tuple(sorted(gone, key=lambda path: (-path.count("/"), path)))

    def _under_refused(self, path: str) -> bool:
        return any(above in self._refused for above in ancestors(path))

    def _selected(self, path: str) -> bool:
        return not self._path or path == self._path or path.startswith(f"{self._path}/")

    def _frames(self, steps: list[Step]) -> dict[tuple[str, int], int]:
        return {
            (piece.pack, piece.offset): piece.length
            for step in steps
            if step.act in {Act.WRITE, Act.REPLACE}
            for piece in self._wanted[step.path].pieces
        }


def _names_by_folder(paths: Iterable[str]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, set()).add(name)
    return found
