"""What setup.py, uv's workspaces and OpenCV add to what a Python project installs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from monitor.domain.detection.facts import Facts, table, word, words

METADATA = re.compile(r"\bimportlib(\.|_)metadata\b|from importlib import metadata\b|\bpkg_resources\b")
NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,80}")


def setup_requires(facts: Facts) -> list[str]:
    """What setup.cfg and setup.py say is installed with the project, where they say it plainly."""
    text = facts.text("setup.py")
    named = re.search(r"\binstall_requires\s*=\s*([A-Za-z_]\w*)", text)
    listed = re.search(rf"\b{named[1] if named else 'install_requires'}\s*=\s*[\[(]([^\])]*)", text)
    found = re.findall(r"['\"]([A-Za-z][^'\"\n]*)['\"]", listed[1]) if listed else []
    section = re.search(
        r"^install_requires\s*=[ \t]*((?:\n?[ \t]+\S[^\n]*)*|\S[^\n]*)", facts.text("setup.cfg"), re.MULTILINE
    )
    found += [line.strip() for line in section[1].splitlines()] if section else []
    return [one for one in found if one and not one.startswith("#")]


def members(facts: Facts, project: dict[str, Any]) -> list[str]:
    """Every file of uv's workspace members: they are installed from their folders."""
    patterns = words(table(project, "tool", "uv", "workspace").get("members"))
    folders = [p.rpartition("/")[0] for p in facts.files if p.endswith("/pyproject.toml")][:40]
    return [
        f for folder in sorted(folders) if any(fnmatchcase(folder, p) for p in patterns) for f in facts.below(folder)
    ]


def without_windows(facts: Facts, names: frozenset[str], manifests: Iterable[str]) -> list[str]:
    """The builds of OpenCV that draw no windows and so need no graphics libraries, in the versions asked for."""
    found = []
    for name in ("opencv-python", "opencv-contrib-python"):
        if name in names:
            texts = "\n".join(facts.text(p) for p in (*manifests, "pyproject.toml"))
            pin = re.search(rf"^\s*['\"]?{name}\s*(==\s*[\w.]+)", texts, re.MULTILINE)
            found.append(f"{name}-headless{pin[1].replace(' ', '') if pin else ''}")
    return found


CONDA = ("environment.yml", "environment.yaml")


def conda_pip(facts: Facts) -> list[str]:
    """What a conda environment takes from PyPI: its list below `pip:`. Conda's own names are not PyPI's."""
    listed = facts.yaml(facts.first(*CONDA) or "").get("dependencies")
    inner = (words(one.get("pip")) for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
    return [one for part in inner for one in part if re.match(r"[A-Za-z]", one)]


def conda_python(facts: Facts) -> tuple[str | None, str | None]:
    """The Python a conda environment asks for, and the file that does."""
    path = facts.first(*CONDA)
    listed = words(facts.yaml(path or "").get("dependencies"))
    found = next((m for one in listed if (m := re.fullmatch(r"python\s*([=<>~!].*)", one))), None)
    return (re.sub(r"^=+\s*(?=\d)", "", found[1]), path) if found else (None, None)


def own_metadata(facts: Facts) -> str | None:
    """What makes `importlib.metadata.version("its own name")` answer: the project itself is not installed."""
    asked = any(METADATA.search(text) for path, text in facts.texts.items() if path.endswith(".py"))
    installed = re.search(r"^-e\s+\.", facts.text("requirements.txt"), re.MULTILINE)
    project = table(facts.toml("pyproject.toml"), "project")
    name, version = word(project.get("name")) or "", word(project.get("version")) or "0.0.0"
    if not asked or installed or not NAME.fullmatch(name) or not NAME.fullmatch(version):
        return None
    site = "$(.venv/bin/python -c 'import site; print(site.getsitepackages()[0])')"
    folder = f"{site}/{re.sub(r'[-_.]+', '_', name)}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
    return f'mkdir -p "{folder}" && printf \'{text}\' > "{folder}/METADATA"'
