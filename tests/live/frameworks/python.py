"""More of the projects of `apps`: Python's servers, laid out as each framework's own documentation does it."""

from __future__ import annotations

from tests.live.frameworks.parts import PAGE, SERVED, STATIC, App
from tests.live.frameworks.python_pages import PAGES

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
SANIC = """
import asyncio
from sanic import Sanic
from sanic.response import file, html, redirect, text
app = Sanic("Shop")
app.static("/static", "./static")

@app.get("/")
async def index(request):
    answer = await file("page.html")
    answer.add_cookie("seen", "yes", secure=False)
    return answer

@app.get("/about")
async def about(request):
    return html("<h1>About</h1>")

@app.get("/api")
async def api(request):
    return text("fetched")

@app.post("/form")
async def form(request):
    return redirect(f"/?word={request.form.get('word')}")

@app.get("/events")
async def events(request):
    answer = await request.respond(content_type="text/event-stream")
    await answer.send("data: streamed\\n\\n")
    await asyncio.sleep(60)

@app.websocket("/socket")
async def socket(request, ws):
    await ws.send(f"echo {await ws.recv()}")

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=8000)
"""
TORNADO = """
import asyncio
import tornado
import tornado.websocket

class MainHandler(tornado.web.RequestHandler):
    def get(self):
        self.set_cookie("seen", "yes")
        self.render("page.html")

class AboutHandler(tornado.web.RequestHandler):
    def get(self):
        self.write("<h1>About</h1>")

class ApiHandler(tornado.web.RequestHandler):
    def get(self):
        self.write("fetched")

class FormHandler(tornado.web.RequestHandler):
    def post(self):
        self.redirect("/?word=" + self.get_body_argument("word"))

class EventsHandler(tornado.web.RequestHandler):
    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        self.write("data: streamed\\n\\n")
        await self.flush()
        await asyncio.sleep(60)

class EchoWebSocket(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message("echo " + message)

def make_app():
    return tornado.web.Application([
        (r"/", MainHandler), (r"/about", AboutHandler), (r"/api", ApiHandler), (r"/form", FormHandler),
        (r"/events", EventsHandler), (r"/socket", EchoWebSocket),
    ], static_path="static")

async def main():
    app = make_app()
    app.listen(8888)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""
PYRAMID_VIEWS = """
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse, Response
from pyramid.view import view_config

@view_config(route_name="home")
def home(request):
    answer = FileResponse("page.html", request)
    answer.set_cookie("seen", "yes")
    return answer

@view_config(route_name="about")
def about(request):
    return Response(f"<h1>About</h1><p>{request.route_url('home')}</p>")

@view_config(route_name="api", renderer="string")
def api(request):
    return "fetched"

@view_config(route_name="form", request_method="POST")
def form(request):
    return HTTPFound(request.route_url("home", _query={"word": request.POST["word"]}))
"""
PYRAMID_ROUTES = """
    config.add_static_view("static", "STATIC")
    config.add_route("home", "/")
    config.add_route("about", "/about")
    config.add_route("api", "/api")
    config.add_route("form", "/form")
    config.scan()
"""
PYRAMID = f"""
from wsgiref.simple_server import make_server
from pyramid.config import Configurator
{PYRAMID_VIEWS}
if __name__ == "__main__":
    with Configurator() as config:
        {PYRAMID_ROUTES.replace("STATIC", "__main__:static").strip().replace(chr(10), chr(10) + "    ")}
        app = config.make_wsgi_app()
    server = make_server("0.0.0.0", 6543, app)
    server.serve_forever()
"""
PYRAMID_SCAFFOLD = {
    "setup.py": """
from setuptools import setup, find_packages
requires = [
    "plaster_pastedeploy",
    "pyramid",
    "waitress",
]
setup(name="shop", version="0.0", packages=find_packages(), install_requires=requires,
      entry_points={"paste.app_factory": ["main = shop:main"]})
""",
    "development.ini": "[app:main]\nuse = egg:shop\npyramid.reload_templates = true\n\n"
    "[server:main]\nuse = egg:waitress#main\nlisten = localhost:6543\n",
    "production.ini": "[app:main]\nuse = egg:shop\npyramid.reload_templates = false\nshop.greeting = Shop\n\n"
    "[server:main]\nuse = egg:waitress#main\nlisten = *:6543\n",
    "shop/__init__.py": f"""
from pyramid.config import Configurator

def main(global_config, **settings):
    \"\"\"This function returns a Pyramid WSGI application.\"\"\"
    assert settings["shop.greeting"] == "Shop"
    config = Configurator(settings=settings)
    {PYRAMID_ROUTES.replace("STATIC", "shop:static").strip()}
    return config.make_wsgi_app()
""",
    "shop/views.py": PYRAMID_VIEWS,
    "page.html": PAGE,
    **{f"shop/{path}": text for path, text in STATIC.items()},
}
CONNEXION = """
from pathlib import Path
import connexion
from connexion.lifecycle import ConnexionResponse

def index():
    return ConnexionResponse(body=Path("page.html").read_text(), content_type="text/html", headers={"Set-Cookie": "seen=yes; Path=/"})

def about():
    return ConnexionResponse(body="<h1>About</h1>", content_type="text/html")

def api():
    return ConnexionResponse(body="fetched", content_type="text/plain")

def form(body):
    return ConnexionResponse(status_code=303, headers={"Location": f"/?word={body['word']}"})

def static(name):
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    return ConnexionResponse(body=(Path("static") / name).read_text(), content_type=kinds[name.split(".")[-1]])

app = connexion.APP(__name__, specification_dir="spec/")
app.add_api("openapi.yaml")

if __name__ == "__main__":
    app.run(f"{Path(__file__).stem}:app", port=8080)
"""
OPENAPI = """
openapi: "3.0.0"
info: { title: Shop, version: "1.0" }
paths:
  /:
    get: { operationId: app.index, responses: { "200": { description: page } } }
  /about:
    get: { operationId: app.about, responses: { "200": { description: page } } }
  /api:
    get: { operationId: app.api, responses: { "200": { description: text } } }
  /static/{name}:
    get:
      operationId: app.static
      parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: file } }
  /form:
    post:
      operationId: app.form
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: { type: object, properties: { word: { type: string } } }
      responses: { "303": { description: back } }
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


TEMPLATED = {"templates/page.html": PAGE, **STATIC}
PYTHON = (
    *PAGES,
    App("litestar", {"requirements.txt": "litestar\n", "app.py": LITESTAR, **SERVED}, server=True, socket=True, events=True),
    App("quart", {"requirements.txt": "quart\n", "app.py": QUART, **TEMPLATED}, server=True, socket=True, events=True),
    App("sanic", {"requirements.txt": "sanic\n", "server.py": SANIC, **SERVED}, server=True, socket=True, events=True),
    App("tornado", {"requirements.txt": "tornado\n", "main.py": TORNADO, **SERVED}, server=True, socket=True, events=True),
    App("pyramid", {"requirements.txt": "pyramid\n", "app.py": PYRAMID, **SERVED}, server=True),
    App("pyramid-scaffold", PYRAMID_SCAFFOLD, framework="pyramid", server=True),
    App("connexion", {
        "requirements.txt": "connexion[flask,swagger-ui,uvicorn]\n", "app.py": CONNEXION.replace("APP", "FlaskApp"),
        "spec/openapi.yaml": OPENAPI, **SERVED}, server=True),
    App("connexion-async", framework="connexion", files={
        "requirements.txt": "connexion[swagger-ui,uvicorn]\n", "app.py": CONNEXION.replace("APP", "AsyncApp"),
        "spec/openapi.yaml": OPENAPI, **SERVED}, server=True),
    App("blacksheep", {"requirements.txt": "blacksheep\n", "app.py": BLACKSHEEP, **SERVED}, server=True, socket=True),
    App("socketio", {"requirements.txt": "python-socketio\n", "app.py": SOCKETIO, **SOCKETIO_FILES}, about=False, shows="echo pear"),
    App("socketio-wsgi", framework="socketio", about=False, shows="echo pear", files={
        "requirements.txt": "python-socketio\nsimple-websocket\n", "app.py": SOCKETIO_WSGI, **SOCKETIO_FILES}),
)  # fmt: skip
