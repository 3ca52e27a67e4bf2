"""A folder as a filtered tree: excluded folders not entered, and of a tree seen before only what may have changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from monitor.adapters.disk import measuring
from monitor.adapters.disk.gitfiles import git_stamps, tracked_below
from monitor.adapters.disk.leaves import take_leaf
from monitor.adapters.disk.listing import Findings, Node, ancestors, identity_of, tree_of
from monitor.adapters.disk.measuring import MAX_DEPTH
from monitor.adapters.disk.opening import folder_fd, open_dir, parent_of, why
from monitor.adapters.disk.ruling import surroundings, top_rules
from monitor.domain import generated
from monitor.domain.filters import FolderRules, Overrides, Verdict
from monitor.domain.tree import Excluded, Tree

_TOP = Verdict(True, enter=True)


class Walk:
    """One walk; `stale` are the folders to be listed again, `anew` those below which nothing is taken over."""

    def __init__(self, overrides: Overrides | None, stale: Collection[str] = (), anew: Collection[str] = ()) -> None:
        self._overrides = overrides
        self._stale, self._anew = stale, anew
        self._ways = ancestors([*stale, *anew])

    def top(self, fd: int, old: Node | None) -> Node:
        """The whole folder, open as `fd`."""
        if old is not None and not self._changed(fd, old) and (node := self._into(fd, old)) is not None:
            return node
        identity, found = identity_of(os.fstat(fd)), measuring.listed(fd)
        names = {item.name for item in found}
        stamps = git_stamps(fd) if ".git" in names else None
        findings = Findings()
        rules = top_rules(fd, names, self._overrides, findings.problems)
        self._list(fd, rules, found, findings, self._comparable(old, stamps, rules), 0)
        made = findings.node(rules, _TOP, identity)
        made.repository = stamps
        return made

    def _changed(self, fd: int, old: Node) -> bool:
        return old.path in self._stale or old.path in self._anew or identity_of(os.fstat(fd)) != old.identity

    def _into(self, fd: int, old: Node) -> Node | None:
        """`old` with those folders below looked at that need it; None where it must be listed itself."""
        if old.path not in self._ways:
            return old
        for name, child in tuple(old.below.items()):
            if not self._concerns(child.path):
                continue
            try:
                below = open_dir(name, fd)
            except OSError:
                return None
            try:
                verdict = old.rules.decide(name, True)
                old.below[name] = self._folder(below, old.rules, name, verdict, child, child.path.count("/"))
            except OSError:
                return None
            finally:
                os.close(below)
        return old

    def _concerns(self, path: str) -> bool:
        return path in self._stale or path in self._anew or path in self._ways

    def _comparable(self, old: Node | None, stamps: object, rules: FolderRules) -> Node | None:
        """`old`, where what lies below it may be taken over: the rules that lead there are the same."""
        if old is None or old.path in self._anew or old.repository != stamps:
            return None
        before = old.rules
        same = before.here.ignore == rules.here.ignore and before.left_out == rules.left_out
        return old if same and before.included == rules.included else None

    def _list(
        self,
        fd: int,
        rules: FolderRules,
        found: list[os.DirEntry[str]],
        findings: Findings,
        old: Node | None,
        depth: int,
    ) -> None:
        for item in found:
            try:
                if item.is_dir(follow_symlinks=False):
                    self._below(fd, rules, item, findings, old, depth)
                else:
                    take_leaf(fd, rules, item, findings)
            except FileNotFoundError:
                continue
            except OSError as error:
                findings.cannot(_below(rules.path, item.name), why(error))

    def _below(
        self, fd: int, rules: FolderRules, item: os.DirEntry[str], findings: Findings, old: Node | None, depth: int
    ) -> None:
        name = item.name
        path = _below(rules.path, name)
        verdict = rules.decide(name, True)
        if not verdict.enter:
            if not rules.left_out:
                findings.excluded.append(Excluded(path, verdict.reason, secret=verdict.secret, pruned=True))
            return
        if depth >= MAX_DEPTH:
            findings.cannot(path, f"nested deeper than {MAX_DEPTH} folders")
            return
        known = old.below.get(name) if old is not None else None
        if known is not None and known.verdict != verdict:
            known = None
        if known is not None and not self._concerns(path) and _same(item, known):
            findings.below[name] = known
            return
        below = open_dir(name, fd)
        try:
            findings.below[name] = self._folder(below, rules, name, verdict, known, depth)
        finally:
            os.close(below)

    def _folder(self, fd: int, outer: FolderRules, name: str, verdict: Verdict, old: Node | None, depth: int) -> Node:
        """The open folder `name`; what `old` says of it is believed as far as nothing speaks against it."""
        if old is not None and not self._changed(fd, old) and (node := self._into(fd, old)) is not None:
            return node
        path = _below(outer.path, name)
        identity, found = identity_of(os.fstat(fd)), measuring.listed(fd)
        names = {item.name for item in found}
        findings = Findings()
        rules = outer.into(name, verdict, surroundings(fd, names))
        environment = generated.virtual_environment(names)
        if environment and verdict.kept and not outer.included and path not in outer.tracked.folders:
            findings.excluded.append(Excluded(path, environment, pruned=True))
            return findings.node(rules, Verdict(False, environment), identity)
        if not verdict.kept:
            findings.excluded.append(Excluded(path, verdict.reason))
        stamps = git_stamps(fd) if ".git" in names else None
        if ".git" in names:
            rules = rules.tracking(tracked_below(fd, path, findings.problems))
        self._list(fd, rules, found, findings, self._comparable(old, stamps, rules), depth + 1)
        made = findings.node(rules, verdict, identity)
        made.repository = stamps
        return made


def walk(folder: Path, overrides: Overrides | None = None, begun: float = 0.0) -> Tree:
    """The filtered tree of `folder`; raises `FolderGone`."""
    return tree_of(listed(folder, overrides), begun)


def listed(folder: Path, overrides: Overrides | None = None) -> Node:
    """`walk`, to go on from with `again`."""
    with folder_fd(folder) as fd:
        return Walk(overrides).top(fd, None)


def again(folder: Path, overrides: Overrides | None, old: Node, touched: Iterable[str]) -> Node:
    """The folder as it is now, where nothing but `touched` and what they decide about changed since `old`.

    `old` must have been made with the same overrides and is of no use afterwards. Raises `FolderGone`.
    """
    with folder_fd(folder) as fd:
        anew = {node.path for node in old.repositories if _stamps_now(fd, node.path) != node.repository}
        return Walk(overrides, set(_folders(old, touched)), anew).top(fd, old)


def _folders(top: Node, touched: Iterable[str]) -> Iterable[str]:
    """The deepest known folders on the way to these paths: where they are listed, or themselves."""
    for path in touched:
        node = top
        for name in path.split("/"):
            found = node.below.get(name)
            if found is None:
                break
            node = found
        yield node.path


def _stamps_now(top: int, path: str) -> object:
    try:
        with parent_of(top, f"{path}/.git" if path else ".git") as (fd, _):
            return git_stamps(fd)
    except OSError:
        return ()


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _same(item: os.DirEntry[str], known: Node) -> bool:
    return identity_of(item.stat(follow_symlinks=False)) == known.identity
