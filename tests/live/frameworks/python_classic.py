"""Projects of `apps` for Python's older frameworks: Bottle, Falcon, Pyramid, Connexion."""

from __future__ import annotations

from tests.live.frameworks.parts import PAGE, SERVED, STATIC, App

FALCON = """
import os
import falcon

class Page:
    def on_get(self, ask, answer):
        answer.content_type = falcon.MEDIA_HTML
        answer.set_cookie("seen", "yes", secure=False, path="/")
        answer.text = open("page.html").read()

class Said:
    def __init__(self, text):
        self.text = text
    def on_get(self, ask, answer):
        answer.content_type = falcon.MEDIA_HTML
        answer.text = self.text

class Form:
    def on_post(self, ask, answer):
        raise falcon.HTTPSeeOther(f"/?word={ask.get_media()['word']}")

app = falcon.App()
app.add_route("/", Page())
app.add_route("/about", Said("<h1>About</h1>"))
app.add_route("/api", Said("fetched"))
app.add_route("/form", Form())
app.add_static_route("/static", os.path.abspath("static"))
"""
BOTTLE = """
from bottle import Bottle, redirect, request, response, static_file
app = Bottle()

@app.get("/")
def index():
    response.set_cookie("seen", "yes", path="/")
    return open("page.html").read()

@app.get("/about")
def about():
    return "<h1>About</h1>"

@app.get("/api")
def api():
    return "fetched"

@app.post("/form")
def form():
    redirect(f"/?word={request.forms.word}")

@app.get("/static/<name>")
def static(name):
    return static_file(name, root="static")
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
PYTHON_CLASSIC = (
    App("falcon", {"requirements.txt": "falcon\n", "app.py": FALCON, **SERVED}, server=True),
    App("bottle", {"requirements.txt": "bottle\n", "app.py": BOTTLE, **SERVED}, server=True),
    App("pyramid", {"requirements.txt": "pyramid\n", "app.py": PYRAMID, **SERVED}, server=True),
    App("pyramid-scaffold", PYRAMID_SCAFFOLD, framework="pyramid", server=True),
    App("connexion", {
        "requirements.txt": "connexion[flask,swagger-ui,uvicorn]\n", "app.py": CONNEXION.replace("APP", "FlaskApp"),
        "spec/openapi.yaml": OPENAPI, **SERVED}, server=True),
    App("connexion-async", framework="connexion", files={
        "requirements.txt": "connexion[swagger-ui,uvicorn]\n", "app.py": CONNEXION.replace("APP", "AsyncApp"),
        "spec/openapi.yaml": OPENAPI, **SERVED}, server=True),
)  # fmt: skip
