"""What the ignore files and the `slipway.yaml` that come back leave out is not of their state: it stays where it is.

A file that was ignored then and is not any more was never in the revision, so that its absence there says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from monitor.domain import keys
from monitor.domain.config import FILE, parse_config
from monitor.domain.config_text import ConfigError
from monitor.domain.filters import IGNORE_FILE, FilterRules, Overrides, Surroundings
from monitor.domain.history.entry import Entry
from monitor.domain.history.pack import unpack
from monitor.domain.restoring.standing import folders_above
from monitor.domain.tree import Excluded, Kind, Tree
from monitor.services.following import overrides_of
from monitor.services.history.archive import Archive

_MAX_IGNORE = 1024 * 1024


async def spared(
    wanted: Mapping[str, Entry], tree: Tree, same: Collection[str], archive: Archive, workspace: str
) -> Tree:
    """`tree` with what the `wanted` files that rule leave out as left out; `same` are files that are as they were.

    Raises `BadObject`, `NoSuchKey` and `StoreAway` where one of these cannot be read.
    """
    ignores = [entry for path, entry in wanted.items() if _rules(path, entry, IGNORE_FILE)]
    settings = [entry for path, entry in wanted.items() if path == FILE and _rules(path, entry, FILE)]
    surplus = [entry.path for entry in tree if entry.kind is not Kind.DIR and entry.path not in wanted]
    if not surplus or all(entry.path in same for entry in (*ignores, *settings)):
        return tree
    overrides = _overrides(await _text(settings[0], archive, workspace)) if settings else Overrides()
    here = {}
    for entry in ignores:
        folder = entry.path.rpartition("/")[0]
        here[folder] = Surroundings(ignore=await _text(entry, archive, workspace))
    needed = folders_above(wanted)
    found = {
        path: reason
        for path, reason in _left_out(surplus, FilterRules(here, overrides=overrides))
        if path not in needed
    }
    entries = {path: entry for path, entry in tree.entries.items() if path not in found}
    return replace(tree, entries=entries, excluded=(*tree.excluded, *(Excluded(p, r) for p, r in found.items())))


def _left_out(paths: Iterable[str], rules: FilterRules) -> Iterable[tuple[str, str]]:
    for path in paths:
        verdict = rules.decide(path, False)
        if not verdict.kept:
            which = "settings that come" if FILE in verdict.reason else "ignore file that comes"
            yield path, f"{verdict.reason}, in the {which} back"


def _rules(path: str, entry: Entry, name: str) -> bool:
    named = path.rpartition("/")[2] == name and entry.kind is Kind.FILE
    return named and entry.size <= _MAX_IGNORE and len(entry.pieces) <= 1


def _overrides(text: bytes) -> Overrides:
    """Settings nobody can read leave nothing out."""
    try:
        return overrides_of(parse_config(text.decode("utf-8-sig")))
    except (ConfigError, UnicodeDecodeError):
        return Overrides()


async def _text(entry: Entry, archive: Archive, workspace: str) -> bytes:
    for piece in entry.pieces:
        key = keys.pack_key(archive.prefix, workspace, piece.pack)
        return unpack(await archive.store.get_range(key, piece.offset, piece.length), piece.sha256)
    return b""
