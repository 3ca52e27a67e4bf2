"""Tools that run a script by a server of their own: Streamlit and its like, and how they hear of $PORT."""

from __future__ import annotations

import re
import shlex

from monitor.domain.detection.facts import Facts
from monitor.domain.detection.python_apps import Found, module_of
from monitor.domain.detection.python_known import ASGI, WSGI
from monitor.domain.detection.python_source import Source
from monitor.domain.detection.result import SURE
from monitor.domain.detection.start import Start, gunicorn

SCRIPTS = ("main", "app", "server", "run", "index", "start", "serve", "api", "web", "bot", "hello", "__main__")
"""Usual names of the script to run."""
RUNNERS = {
    "streamlit": "streamlit run {0} --server.address $HOST --server.port $PORT --server.headless true",
    "chainlit": "chainlit run {0} --headless --host $HOST --port $PORT",
    "panel": "panel serve {0} --address $HOST --port $PORT --allow-websocket-origin '*'",
    "solara": "solara run {0} --host $HOST --port $PORT --production",
    "mesop": "mesop {0} --port $PORT --prod",
}
"""Imports of tools that run a script by a server of their own, with the command."""

GRADIO = (("GRADIO_SERVER_NAME", "$HOST"), ("GRADIO_SERVER_PORT", "$PORT"))
STREAMLIT = (
    ("STREAMLIT_SERVER_ADDRESS", "$HOST"),
    ("STREAMLIT_SERVER_PORT", "$PORT"),
    ("STREAMLIT_SERVER_HEADLESS", "true"),
)
TOLD = {"gradio": GRADIO, "streamlit": STREAMLIT}
"""How servers of tools hear of host and port where the command does not say."""


def interactive(facts: Facts, sources: dict[str, Source], apps: list[Found]) -> Start | None:
    """Pages of tools like Streamlit: every file that imports it may be one, the usual names first."""
    if any(a.app.interface in {WSGI, ASGI} for a in apps):
        return None
    for tool, command in RUNNERS.items():
        pages = [p for p, s in sources.items() if any(m.partition(".")[0] == tool for m in s.modules)]
        pages = [p for p in pages if not re.search(r"(^|/)pages/", p)]
        if pages:
            page = min(pages, key=lambda p: (_helps(p, sources), p.count("/"), _page_rank(p), p))
            if tool == "mesop" and (start := _mesop(facts, page, sources[page])):
                return start
            because = f"{tool} pages are run by its own server"
            return Start(
                command.format(shlex.quote(page)), f"{page} imports {tool}", because, tool, SURE, needs=(tool,)
            )
    return None


PAGES = ("streamlitapp", "home", "dashboard")
"""Usual names of the page to run, beside those of scripts; without emoji, digits and underscores."""


def _page_rank(path: str) -> int:
    stem = re.sub(r"[^a-z]", "", path.rpartition("/")[2].removesuffix(".py").lower())
    return (*PAGES, *SCRIPTS).index(stem) if stem in {*PAGES, *SCRIPTS} else len(PAGES) + len(SCRIPTS)


def _helps(path: str, sources: dict[str, Source]) -> bool:
    """Whether another file imports this one, as a page to be run is not."""
    parts = path.removesuffix(".py").split("/")
    names = {".".join(parts[at:]) for at in range(len(parts))}
    others = (source for where, source in sources.items() if where != path)
    return any(
        names & {name.lstrip(".") for name in (*source.modules, *source.imports.values())} for source in others
    )


def _mesop(facts: Facts, page: str, source: Source) -> Start | None:
    """Mesop by gunicorn, as its documentation deploys it: the imported module itself is the WSGI application."""
    name = next((n for n, full in source.imports.items() if full == "mesop"), None)
    if name is None:
        return None
    module, base = module_of(facts, page, source)
    because = "its own command runs Flask's development server"
    return Start(
        gunicorn(f"{module}:{name}", base),
        f"{page} imports mesop",
        because,
        "mesop",
        SURE,
        needs=("mesop", "gunicorn"),
    )


def tool_of(command: str, sources: dict[str, Source]) -> str:
    """The tool with a server of its own that a command runs: `streamlit run x.py`, a script that launches Gradio."""
    named = next((tool for tool in RUNNERS if re.search(rf"(^|[\s/]){tool}\s", command)), "")
    script = re.search(r"\bpython[\d.]*\s+(?:-u\s+)?([\w./-]+\.py)\b", command)
    source = sources.get(script[1].removeprefix("./")) if script else None
    made = tops(source) & {"gradio", "nicegui"} if source else frozenset[str]()
    return named or next(iter(sorted(made)), "")


def tops(source: Source) -> frozenset[str]:
    """The packages a file imports."""
    return frozenset(module.partition(".")[0] for module in source.modules)


def script_rank(path: str) -> int:
    """How usual a file's name is for the script to run."""
    stem = path.rpartition("/")[2].removesuffix(".py").lower()
    return SCRIPTS.index(stem) if stem in SCRIPTS else len(SCRIPTS)
