"""Projects of `apps` for Python's frameworks that are their own server: aiohttp, Sanic, Tornado, CherryPy."""

from __future__ import annotations

from tests.live.frameworks.parts import SERVED, App

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
AIOHTTP = """
import asyncio
from aiohttp import web
routes = web.RouteTableDef()

@routes.get("/")
async def index(ask):
    answer = web.Response(text=open("page.html").read(), content_type="text/html")
    answer.set_cookie("seen", "yes")
    return answer

@routes.get("/about")
async def about(ask):
    return web.Response(text="<h1>About</h1>", content_type="text/html")

@routes.get("/api")
async def api(ask):
    return web.Response(text="fetched")

@routes.post("/form")
async def form(ask):
    raise web.HTTPSeeOther(f"/?word={(await ask.post())['word']}")

@routes.get("/events")
async def events(ask):
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(ask)
    await answer.write(b"data: streamed\\n\\n")
    await asyncio.sleep(60)
    return answer

@routes.get("/socket")
async def socket(ask):
    answer = web.WebSocketResponse()
    await answer.prepare(ask)
    await answer.send_str(f"echo {await answer.receive_str()}")
    return answer

app = web.Application()
app.add_routes(routes)
app.router.add_static("/static", "static")

if __name__ == "__main__":
    web.run_app(app, host="localhost")
"""
CHERRYPY = """
import os
import cherrypy

class Shop:
    @cherrypy.expose
    def index(self, word=""):
        cherrypy.response.cookie["seen"] = "yes"
        cherrypy.response.cookie["seen"]["path"] = "/"
        return open("page.html").read()

    @cherrypy.expose
    def about(self):
        return "<h1>About</h1>"

    @cherrypy.expose
    def api(self):
        return "fetched"

    @cherrypy.expose
    def form(self, word):
        raise cherrypy.HTTPRedirect("/?word=" + word, status=303)

if __name__ == "__main__":
    static = {"tools.staticdir.on": True, "tools.staticdir.dir": os.path.abspath("static")}
    cherrypy.quickstart(Shop(), "/", {"global": {"server.socket_port": PORT}, "/static": static})
"""
PYTHON_OWN = (
    App("sanic", {"requirements.txt": "sanic\n", "server.py": SANIC, **SERVED}, server=True, socket=True, events=True),
    App("tornado", {"requirements.txt": "tornado\n", "main.py": TORNADO, **SERVED}, server=True, socket=True, events=True),
    App("aiohttp", {"requirements.txt": "aiohttp\n", "app.py": AIOHTTP, **SERVED}, server=True, socket=True, events=True),
    App("cherrypy", {"requirements.txt": "cherrypy\n", "shop.py": CHERRYPY.replace("PORT", "9318"), **SERVED}, server=True),
)  # fmt: skip
