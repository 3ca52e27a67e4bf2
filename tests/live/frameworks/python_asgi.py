"""Projects of `apps` for Python's newer ASGI frameworks, and Socket.IO, which has a WSGI form too."""

from __future__ import annotations

from tests.live.frameworks.parts import SERVED, STATIC, TEMPLATED, App

LITESTAR = """
import asyncio
from pathlib import Path
from typing import Annotated
from litestar import Litestar, MediaType, Response, get, post, websocket_listener
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, ServerSentEvent
from litestar.static_files import create_static_files_router

@get("/", media_type=MediaType.HTML)
async def index() -> Response[str]:
    answer = Response(Path("page.html").read_text(), media_type=MediaType.HTML)
    answer.set_cookie("seen", "yes")
    return answer

@get("/about", media_type=MediaType.HTML)
async def about() -> str:
    return "<h1>About</h1>"

@get("/api", media_type=MediaType.TEXT)
async def api() -> str:
    return "fetched"

@post("/form")
async def form(data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]) -> Redirect:
    return Redirect(f"/?word={data['word']}", status_code=303)

@get("/events")
async def events() -> ServerSentEvent:
    async def lines():
        yield "streamed"
        await asyncio.sleep(60)
    return ServerSentEvent(lines())

@websocket_listener("/socket")
async def socket(data: str) -> str:
    return f"echo {data}"

app = Litestar([index, about, api, form, events, socket, create_static_files_router(path="/static", directories=["static"])])
"""
QUART = """
import asyncio
from quart import Quart, make_response, redirect, render_template, request, url_for, websocket
app = Quart(__name__)

@app.get("/")
async def index():
    answer = await make_response(await render_template("page.html"))
    answer.set_cookie("seen", "yes")
    return answer

@app.get("/about")
async def about():
    return f"<h1>About</h1><p>{url_for('index')}</p>"

@app.get("/api")
async def api():
    return "fetched"

@app.post("/form")
async def form():
    return redirect(url_for("index", word=(await request.form)["word"]))

@app.get("/events")
async def events():
    async def lines():
        yield b"data: streamed\\n\\n"
        await asyncio.sleep(60)
    answer = await make_response(lines(), {"Content-Type": "text/event-stream"})
    answer.timeout = None
    return answer

@app.websocket("/socket")
async def socket():
    await websocket.send(f"echo {await websocket.receive()}")

if __name__ == "__main__":
    app.run()
"""
BLACKSHEEP = """
from pathlib import Path
from blacksheep import Application, Cookie, FromForm, WebSocket, get, html, post, see_other, text, ws
app = Application()
app.serve_files("static", root_path="static")

class Said:
    word: str
    def __init__(self, word: str = ""):
        self.word = word

@get("/")
async def index():
    answer = html(Path("page.html").read_text())
    answer.set_cookie(Cookie("seen", "yes", path="/"))
    return answer

@get("/about")
async def about():
    return html("<h1>About</h1>")

@get("/api")
async def api():
    return text("fetched")

@post("/form")
async def form(data: FromForm[Said]):
    return see_other(f"/?word={data.value.word}")

@ws("/socket")
async def socket(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(f"echo {await websocket.receive_text()}")
"""
FASTHTML = """
from fasthtml.common import *
app, rt = fast_app()

@rt("/")
def get():
    answer = HTMLResponse(open("page.html").read())
    answer.set_cookie("seen", "yes")
    return answer

@rt("/about")
def get():
    return HTMLResponse("<h1>About</h1>")

@rt("/api")
def get():
    return Response("fetched")

@rt("/form")
def post(word: str):
    return RedirectResponse(f"/?word={word}", status_code=303)

serve()
"""
ENGINE = """
const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket.io/?EIO=4&transport=websocket`);
socket.onmessage = ({ data }) => {
  if (data.startsWith("0")) socket.send("40");
  if (data.startsWith("40")) socket.send('42["hello","pear"]');
  if (data.startsWith("42")) document.body.append(data);
};
fetch("/socket.io/?EIO=4&transport=polling").then((answer) => answer.text()).then((text) => {
  document.title = text.startsWith("0") ? "ready" : text;
});
"""
ENGINE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="/static/style.css"><script src="/static/app.js" defer></script>
<link rel="icon" href="/static/dot.svg"></head><body><h1>Shop</h1></body></html>
"""
SOCKETIO_FILES = {**STATIC, "index.html": ENGINE_PAGE, "static/app.js": ENGINE}
SOCKETIO = """
import socketio
sio = socketio.AsyncServer(async_mode="asgi")
app = socketio.ASGIApp(sio, static_files={"/": "index.html", "/static": "static"})

@sio.event
async def connect(sid, environ):
    print("connect", sid)

@sio.on("hello")
async def hello(sid, word):
    await sio.emit("said", f"echo {word}", to=sid)
"""
SOCKETIO_WSGI = """
import socketio
sio = socketio.Server(async_mode="threading")
app = socketio.WSGIApp(sio, static_files={"/": "index.html", "/static": "static"})

@sio.on("hello")
def hello(sid, word):
    sio.emit("said", f"echo {word}", to=sid)
"""
PYTHON_ASGI = (
    App("litestar", {"requirements.txt": "litestar\n", "app.py": LITESTAR, **SERVED}, server=True, socket=True, events=True),
    App("quart", {"requirements.txt": "quart\n", "app.py": QUART, **TEMPLATED}, server=True, socket=True, events=True),
    App("blacksheep", {"requirements.txt": "blacksheep\n", "app.py": BLACKSHEEP, **SERVED}, server=True, socket=True),
    App("fasthtml", {"requirements.txt": "python-fasthtml\n", "main.py": FASTHTML, **SERVED}, server=True),
    App("socketio", {"requirements.txt": "python-socketio\n", "app.py": SOCKETIO, **SOCKETIO_FILES}, about=False, shows="echo pear"),
    App("socketio-wsgi", framework="socketio", about=False, shows="echo pear", files={
        "requirements.txt": "python-socketio\nsimple-websocket\n", "app.py": SOCKETIO_WSGI, **SOCKETIO_FILES}),
)  # fmt: skip
