"""The ordered table of evidence: who is asked, in which order, and how one answer is chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.domain.detection import foreign, go, node, own, php, python, ruby, static
from monitor.domain.detection.facts import Facts
from monitor.domain.detection.result import GUESS, INCOMPLETE, LIKELY, SURE, Detection, quoted
from monitor.domain.launch import ProjectType
from monitor.domain.tree import Entry, Tree


@dataclass(frozen=True, slots=True)
class Row:
    """One type of project: `marks` and `served` say for people what is looked for and by what it is served.

    `find` answers or None.
    """

    type: ProjectType
    marks: str
    served: str
    find: Callable[[Facts], Detection | None]


TABLE: tuple[Row, ...] = (
    Row(
        ProjectType.COMPOSE,
        "compose.yaml, docker-compose.yml with a service that answers requests",
        "its services, each in a container of its own",
        own.compose,
    ),
    Row(
        ProjectType.PHP,
        "composer.json, index.php in the folder, public/ or web/",
        "nginx and php-fpm",
        php.detect,
    ),
    Row(ProjectType.RUBY, "Gemfile, config.ru, app.rb", "puma, or the server the project brings", ruby.detect),
    Row(ProjectType.GO, "go.mod, go.work, main.go", "the program it builds", go.detect),
    Row(
        ProjectType.PYTHON,
        "requirements.txt, pyproject.toml, Pipfile, setup.py, manage.py, app.py",
        "gunicorn or uvicorn, installed if the project forgot it; its own script otherwise",
        python.detect,
    ),
    Row(
        ProjectType.NODE,
        "package.json, server.js",
        "its start script; nginx where a build makes pages",
        node.detect,
    ),
    Row(
        ProjectType.STATIC,
        "index.html in the folder, public/, dist/ or docs/",
        "nginx",
        static.detect,
    ),
)
"""Asked from top to bottom; of equally confident answers the upper one wins."""

FOLDERS = ("web", "app", "server", "backend", "api", "frontend", "client", "site", "www", "src")
"""Where several folders hold an app, the first of these is served."""
_NEVER = r"\.[^/]*|node_modules|vendor|tests?|scripts|tools|__pycache__|static|templates|assets"
_LAST = r"docs?|documentation|examples?|samples?|demos?"
FIRST = re.compile(rf"(?:(?:apps|packages|services|projects)/)?(?!(?:{_NEVER}|{_LAST})(?:/|$))[^/]+")
LAST = re.compile(_LAST)
"""Folders an app may lie in, and those that are only looked at where no other holds one."""
USUAL = "an index.html, package.json, requirements.txt, go.mod, Gemfile, composer.json or Dockerfile"
LOOKED_FOR = "; ".join(f"{row.type}: {row.marks}" for row in TABLE)


def detect_tree(
    tree: Tree, texts: Mapping[str, str], wanted_type: ProjectType | None = None, root: str = ""
) -> Detection:
    """What `tree` holds, by the table; `wanted_type` and `root` are a person's word and leave no choice."""
    if root:
        facts = Facts(tree, texts, f"{root}/")
        return _choose(facts, wanted_type).under(root)
    facts = Facts(tree, texts)
    found = _choose(facts, wanted_type)
    if (found.runnable and found.confidence >= GUESS) or found.refusal or found.own:
        return found
    return _one_down(tree, texts, facts, found, wanted_type)


def _choose(facts: Facts, wanted_type: ProjectType | None) -> Detection:
    rows = [row for row in TABLE if wanted_type in {None, row.type}]
    answers = [answer for row in rows if (answer := row.find(facts))]
    if not answers:
        return _unknown(facts, wanted_type)
    composed = answers[0].type is ProjectType.COMPOSE and answers[0].confidence == SURE
    best = answers[0] if composed else max(answers, key=lambda a: a.confidence)
    others = tuple(f"{a.type}: {a.reason}" for a in answers if a is not best)
    best = replace(best, alternatives=others, problems=(*best.problems, *facts.problems))
    if broken := _broken(best):
        best = replace(best, reason=broken)
    return best if wanted_type else own.with_dockerfile(facts, best)


def _broken(found: Detection) -> str:
    """Why nothing can be started, where the manifest itself cannot be read: what it lacks is not known then."""
    if found.confidence != INCOMPLETE or not found.evidence:
        return ""
    return next((one for one in found.problems if one.startswith(f"{found.evidence[0]} ")), "")


def _unknown(facts: Facts, wanted_type: ProjectType | None) -> Detection:
    if wanted_type and wanted_type is not ProjectType.UNKNOWN:
        reason = f"slipway.yaml says {wanted_type}, but nothing of that kind is here: add `start:` to slipway.yaml"
        return Detection(wanted_type, reason, ("slipway.yaml",), INCOMPLETE, problems=tuple(facts.problems))
    reason = foreign.needs(facts) or ("nothing here says how to run it" if facts.files else "the folder is empty")
    found = Detection(ProjectType.UNKNOWN, reason, confidence=0, problems=tuple(facts.problems))
    return own.with_dockerfile(facts, found)


def _one_down(
    tree: Tree, texts: Mapping[str, str], facts: Facts, found: Detection, wanted_type: ProjectType | None
) -> Detection:
    """An app one folder down, where the folder itself holds none; the choice among several is explained."""
    candidates: dict[str, Detection] = {}
    for places in (FIRST, LAST):
        folders = sorted(f for f in facts.folders if places.fullmatch(f))[:40]
        for folder, part in _parts(tree, [] if candidates else folders).items():
            inner = _choose(Facts(part, texts, f"{folder}/"), wanted_type)
            if inner.runnable and inner.confidence >= LIKELY - 15:
                candidates[folder] = inner
    if not candidates:
        return found
    chosen = min(candidates, key=lambda f: (_preference(f), -candidates[f].confidence, f))
    inner = candidates[chosen].under(chosen)
    others = [f"{quoted(f)}/ ({candidates[f].type})" for f in sorted(candidates) if f != chosen]
    if not others:
        return inner
    explained = f"also found: {', '.join(others[:6])}; serves {chosen}/, choose another with `root:` in slipway.yaml"
    return replace(inner, evidence=(*inner.evidence, explained))


def _parts(tree: Tree, folders: Sequence[str]) -> dict[str, Tree]:
    """What lies in each of these, found in one go: they may be many, and the tree large."""
    found: dict[str, dict[str, Entry]] = {folder: {} for folder in folders}
    for path, entry in tree.entries.items():
        top, _, rest = path.partition("/")
        for folder in (top, f"{top}/{rest.partition('/')[0]}"):
            if folder in found:
                found[folder][path] = entry
    return {folder: Tree(entries) for folder, entries in found.items()}


def _preference(folder: str) -> tuple[int, int]:
    name = folder.rpartition("/")[2]
    return (FOLDERS.index(name) if name in FOLDERS else len(FOLDERS), folder.count("/"))
