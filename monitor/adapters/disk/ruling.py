"""What the disk shows to the filter: the rules at the top, each folder's surroundings, and one path's verdict."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor.adapters.disk.gitfiles import exclude_file, tracked_below
from monitor.adapters.disk.opening import folder_fd, open_dir, read_small, why
from monitor.domain import generated, secrets
from monitor.domain.filters import IGNORE_FILE, FolderRules, Overrides, Surroundings, Verdict, top_folder

_MAX_IGNORE = 1024 * 1024
_ABSENT = "nothing of this name is there now"


def explain(folder: Path, path: str, overrides: Overrides | None = None) -> Verdict:
    """The verdict about one path, there or not, stepping down as the walk would; raises `FolderGone`."""
    *above, last = path.strip("/").split("/")
    rest = [*above, last]
    with folder_fd(folder) as top:
        fd = os.dup(top)
        try:
            rules = top_rules(fd, _names(fd), overrides, [])
            for name in above:
                verdict = rules.decide(name, True)
                if not verdict.enter:
                    return Verdict(False, verdict.reason, secret=verdict.secret)
                below = open_dir(name, fd)
                os.close(fd)
                fd, rest = below, rest[1:]
                rules = rules.into(name, verdict, surroundings(fd, _names(fd)))
            return _last(fd, rules, last)
        except FileNotFoundError:
            return _absent(rules, rest)
        except OSError as error:
            return Verdict(False, f"not there: {why(error)}")
        finally:
            os.close(fd)


def _absent(rules: FolderRules, rest: Sequence[str]) -> Verdict:
    """What would be decided about `rest`, of which nothing is there."""
    for name in rest[:-1]:
        verdict = rules.decide(name, True)
        if not verdict.enter:
            return Verdict(False, f"{verdict.reason}; {_ABSENT}", secret=verdict.secret)
        rules = rules.into(name, verdict, Surroundings())
    verdict = rules.decide(rest[-1], False)
    return replace(verdict, reason=f"{verdict.reason}; {_ABSENT}")


def _last(fd: int, rules: FolderRules, name: str) -> Verdict:
    is_dir = stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    data = read_small(name, fd, secrets.LOOK_BYTES) if secrets.must_look(name) else None
    return rules.decide(name, is_dir, text=None if data is None else data.decode("utf-8", "replace"))


def top_rules(fd: int, names: set[str], overrides: Overrides | None, problems: list[str]) -> FolderRules:
    """The filter as seen from a workspace's open top folder."""
    has_git = ".git" in names
    return top_folder(
        surroundings(fd, names),
        tracked=tracked_below(fd, "", problems) if has_git else None,
        overrides=overrides,
        exclude_file=exclude_file(fd) if has_git else b"",
    )


def surroundings(fd: int, names: set[str]) -> Surroundings:
    """What the open folder shows of itself to the filter."""
    ignore = read_small(IGNORE_FILE, fd, _MAX_IGNORE) if IGNORE_FILE in names else None
    outputs: frozenset[str] = frozenset()
    if "package.json" in names and not names.isdisjoint(generated.OUTPUT_FOLDERS):
        manifest = read_small("package.json", fd, _MAX_IGNORE)
        outputs = generated.build_outputs((manifest or b"").decode("utf-8", "replace"))
    return Surroundings(names, ignore or b"", outputs)


def _names(fd: int) -> set[str]:
    with os.scandir(fd) as found:
        return {item.name for item in found}
