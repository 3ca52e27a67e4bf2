"""What the small projects of the framework tests are made of: a page with all its wires, and their shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

CSS = "h1 { color: rgb(1, 2, 3); background: url(/dot.svg) }\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC"
)
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
SCRIPT = """
document.title = "ready";
const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
socket.onopen = () => socket.send("hello");
socket.onmessage = (event) => { document.body.dataset.socket = event.data; };
new EventSource("/events").onmessage = (event) => { document.body.dataset.event = event.data; };
fetch("/api").then((answer) => answer.text()).then((text) => { document.body.dataset.api = text; });
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loading</title>
<link rel="stylesheet" href="/static/style.css"><link rel="icon" href="/static/dot.svg">
<script src="/static/app.js" defer></script></head>
<body><h1>Shop</h1><a href="/about">About</a><img src="/static/dot.svg" alt="" width="9" height="9">
<form action="/form" method="post"><input name="word" value="pear"><button>Send</button></form></body></html>
"""
REACT = {"react": "^19", "react-dom": "^19"}
STATIC = {"static/style.css": CSS.replace("/dot", "/static/dot"), "static/app.js": SCRIPT, "static/dot.svg": DOT}


@dataclass(frozen=True)
class App:
    """A project: `server` apps have all of the page above, `socket` and `events` say which of its wires.

    `form`: it has that form at least. `about` is the page behind the link, "" where there is none. `styled`: its
    style sheet and script are its own. `click` is a button, `shows` the text that is there then.
    """

    name: str
    files: Mapping[str, str | bytes]
    framework: str = ""
    server: bool = False
    form: bool = False
    socket: bool = False
    events: bool = False
    about: bool = True
    styled: bool = True
    click: str = ""
    shows: str = ""


def package(start: str | None = None, build: str | None = None, **dependencies: str) -> str:
    scripts = {name: text for name, text in (("start", start), ("build", build)) if text}
    made = {"name": "shop", "private": True, "type": "module", "scripts": scripts, "dependencies": dependencies}
    return json.dumps(made, indent=1)


SERVED = {"page.html": PAGE, **STATIC}
TEMPLATED = {"templates/page.html": PAGE, **STATIC}
