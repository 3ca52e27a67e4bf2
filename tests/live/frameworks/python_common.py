"""Projects of `apps` for the Python frameworks most people begin with."""

from __future__ import annotations

from tests.live.frameworks.parts import PAGE, STATIC, TEMPLATED, App

FLASK = """
import time
from flask import Flask, Response, redirect, render_template, request, url_for, make_response
app = Flask(__name__)

@app.get("/")
def index():
    answer = make_response(render_template("page.html"))
    answer.set_cookie("seen", "yes")
    return answer

@app.get("/about")
def about():
    return f"<h1>About</h1><p id=url>{url_for('index')}</p>"

@app.get("/api")
def api():
    return "fetched"

@app.post("/form")
def form():
    return redirect(url_for("index", word=request.form["word"]))

@app.get("/events")
def events():
    def lines():
        yield "data: streamed\\n\\n"
        time.sleep(60)
    return Response(lines(), mimetype="text/event-stream")
"""
FASTAPI = """
import asyncio
from fastapi import FastAPI, Form, Request, WebSocket
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
app = FastAPI()
app.mount("/static", StaticFiles(directory="static"), name="static")
templates = Jinja2Templates(directory="templates")

@app.get("/", response_class=HTMLResponse)
async def index(request: Request):
    answer = templates.TemplateResponse(request=request, name="page.html")
    answer.set_cookie("seen", "yes")
    return answer

@app.get("/about", response_class=HTMLResponse)
async def about(request: Request):
    return f"<h1>About</h1><p id=url>{request.url_for('index')}</p>"

@app.get("/api", response_class=PlainTextResponse)
async def api():
    return "fetched"

@app.post("/form")
async def form(word: str = Form()):
    return RedirectResponse(f"/?word={word}", status_code=303)

@app.get("/slash/")
async def slash():
    return "slashed"

@app.get("/events")
async def events():
    async def lines():
        yield "data: streamed\\n\\n"
        await asyncio.sleep(60)
    return StreamingResponse(lines(), media_type="text/event-stream")

@app.websocket("/socket")
async def socket(given: WebSocket):
    await given.accept()
    await given.send_text(f"echo {await given.receive_text()}")
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

async def index(request):
    answer = HTMLResponse(open("templates/page.html").read())
    answer.set_cookie("seen", "yes")
    return answer

async def about(request):
    return HTMLResponse("<h1>About</h1>")

async def api(request):
    return PlainTextResponse("fetched")

async def form(request):
    return RedirectResponse(f"/?word={(await request.form())['word']}", status_code=303)

async def socket(given):
    await given.accept()
    await given.send_text(f"echo {await given.receive_text()}")

app = Starlette(routes=[
    Route("/", index), Route("/about", about), Route("/api", api), Route("/form", form, methods=["POST"]),
    WebSocketRoute("/socket", socket), Mount("/static", StaticFiles(directory="static")),
])
"""
DJANGO = {
    "requirements.txt": "django>=5\n",
    "manage.py": """
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "not-secret"
DEBUG = True
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "pages"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
WSGI_APPLICATION = "shop.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
STATIC_URL = "static/"
""",
    "shop/wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
""",
    "shop/urls.py": """
from django.contrib import admin
from django.urls import path
from pages import views
urlpatterns = [path("admin/", admin.site.urls), path("", views.index, name="index"), path("about", views.about),
    path("form", views.form, name="form"), path("api", views.api)]
""",
    "pages/__init__.py": "",
    "pages/views.py": """
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
def index(request):
    answer = render(request, "page.html")
    answer.set_cookie("seen", "yes")
    return answer
def about(request):
    return HttpResponse(f"<h1>About</h1><p id=url>{reverse('index')}</p>")
def api(request):
    return HttpResponse("fetched")
def form(request):
    return redirect("/?word=" + request.POST["word"])
""",
    "pages/templates/page.html": "{% load static %}"
    + PAGE.replace("/static/style.css", "{% static 'style.css' %}")
    .replace("/static/app.js", "{% static 'app.js' %}")
    .replace('method="post">', 'method="post">{% csrf_token %}'),
    **{f"pages/{path}": text for path, text in STATIC.items()},
}
PYTHON_COMMON = (
    App("flask", {"requirements.txt": "flask\n", "app.py": FLASK, **TEMPLATED}, server=True, events=True),
    App(
        "fastapi",
        {"requirements.txt": "fastapi\njinja2\npython-multipart\n", "main.py": FASTAPI, **TEMPLATED},
        server=True, socket=True, events=True,
    ),
    App(
        "starlette",
        {"requirements.txt": "starlette\npython-multipart\n", "app.py": STARLETTE, **TEMPLATED},
        server=True, socket=True,
    ),
    App("django", DJANGO, server=True),
)  # fmt: skip
