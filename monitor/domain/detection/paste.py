"""Paste ini files, by which Pyramid's own project templates say what is served: `pserve production.ini`."""

from __future__ import annotations

import re

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.result import SURE
from monitor.domain.detection.start import Start, gunicorn

INIS = ("production.ini", "development.ini")
_SERVED = re.compile(r"^\[(?:app|composite|pipeline):main\]", re.MULTILINE)
_SQLITE = re.compile(r"^\s*sqlalchemy\.url\s*=\s*sqlite:///%\(here\)s/(?P<path>\w[\w./-]*)", re.MULTILINE)
INSTALLED = "python -m pip install --quiet --no-deps --no-build-isolation --editable ."
"""What `use = egg:NAME` names is looked up among what is installed: the project itself. Nothing is fetched."""


def paste_start(facts: Facts) -> Start | None:
    """gunicorn for the main application of the folder's ini file, None without one."""
    path = next((p for p in INIS if _SERVED.search(facts.text(p))), None)
    if path is None:
        return None
    text = facts.text(path)
    own = "use = egg:" in text and bool(facts.first("setup.py", "pyproject.toml"))
    return Start(
        gunicorn("", paste=path),
        f"{path} describes the application",
        f"{path} is what pserve would be given",
        "pyramid",
        SURE,
        needs=("gunicorn", "setuptools>=70.1") if own else ("gunicorn",),
        setup=INSTALLED if own else None,
        data=tuple(dict.fromkeys(_SQLITE.findall(text))),
    )
