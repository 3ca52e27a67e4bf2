"""The common Python frameworks again, in the other layouts and with the other package managers people have."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import PAGE, SERVED, STATIC, App
from tests.live.frameworks.python_classic import BOTTLE

FLASK_VIEWS = """
from flask import Blueprint, make_response, redirect, render_template, request, url_for
pages = Blueprint("pages", __name__)

@pages.get("/")
def index():
    answer = make_response(render_template("page.html"))
    answer.set_cookie("seen", "yes")
    return answer

@pages.get("/about")
def about():
    return "<h1>About</h1>"

@pages.get("/api")
def api():
    return "fetched"

@pages.post("/form")
def form():
    return redirect(url_for("pages.index", word=request.form["word"]))
"""
FLASK_FACTORY = {
    "requirements.txt": "Flask>=3,<4\n",
    "config.py": "class Config:\n    SECRET_KEY = 'not-secret'\n",
    "wsgi.py": "from shop import create_app\n\napp = create_app()\n\nif __name__ == '__main__':\n    app.run()\n",
    "shop/__init__.py": """
from flask import Flask
from config import Config

def create_app(config_class=Config):
    app = Flask(__name__)
    app.config.from_object(config_class)
    from .views import pages
    app.register_blueprint(pages)
    return app
""",
    "shop/views.py": FLASK_VIEWS,
    "shop/templates/page.html": PAGE,
    **{f"shop/{path}": text for path, text in STATIC.items()},
}
FASTAPI_PAGES = """
from pathlib import Path
from fastapi import APIRouter, Form
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse
from app.settings import HERE
router = APIRouter()

@router.get("/")
def index():
    answer = FileResponse(HERE / "page.html")
    answer.set_cookie("seen", "yes")
    return answer

@router.get("/about", response_class=HTMLResponse)
def about():
    return "<h1>About</h1>"

@router.get("/api", response_class=PlainTextResponse)
def api():
    return "fetched"

@router.post("/form")
def form(word: str = Form()):
    return RedirectResponse(f"/?word={word}", status_code=303)
"""
FASTAPI_FILES = {
    "src/app/__init__.py": "",
    "src/app/main.py": """
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from app.routers import pages
from app.settings import HERE

app = FastAPI(title="Shop")
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
app.include_router(pages.router)
""",
    "src/app/settings.py": "from pathlib import Path\n\nHERE = Path(__file__).parent\n",
    "src/app/routers/__init__.py": "",
    "src/app/routers/pages.py": FASTAPI_PAGES,
    "src/app/page.html": PAGE,
    **{f"src/app/{path}": text for path, text in STATIC.items()},
}
FASTAPI_SRC = {
    "pyproject.toml": """
[project]
name = "app"
version = "0.1.0"
readme = "README.md"
requires-python = ">=3.10"
dependencies = ["fastapi>=0.115", "python-multipart>=0.0.9", "uvicorn[standard]>=0.30"]

[project.optional-dependencies]
dev = ["pytest>=8"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/app"]
""",
    "README.md": "# Shop\n",
    "tests/test_main.py": "from app.main import app\n",
    **FASTAPI_FILES,
}
DJANGO_BASE = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent.parent
SECRET_KEY = "not-secret"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.staticfiles", "pages"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
DJANGO_SUBFOLDER = {
    "README.md": "# Shop\n",
    "requirements/base.txt": "Django>=5,<6\n",
    "requirements/local.txt": "-r base.txt\npytest\n",
    "backend/manage.py": """
import os, sys

def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)

if __name__ == "__main__":
    main()
""",
    "backend/config/__init__.py": "",
    "backend/config/settings/__init__.py": "",
    "backend/config/settings/base.py": DJANGO_BASE,
    "backend/config/settings/local.py": "from .base import *\nDEBUG = True\nALLOWED_HOSTS = []\n",
    "backend/config/urls.py": """
from django.urls import path
from pages import views
urlpatterns = [path("", views.index, name="index"), path("about", views.about), path("api", views.api),
    path("form", views.form)]
""",
    "backend/config/wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
application = get_wsgi_application()
""",
    "backend/pages/__init__.py": "",
    "backend/pages/models.py": "from django.db import models\n\nclass Visit(models.Model):\n    word = models.CharField(max_length=9)\n",
    "backend/pages/migrations/__init__.py": "",
    "backend/pages/migrations/0001_initial.py": """
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel(name="Visit", fields=[
        ("id", models.BigAutoField(primary_key=True)), ("word", models.CharField(max_length=9))])]
""",
    "backend/pages/views.py": """
from django.http import HttpResponse
from django.shortcuts import redirect, render
from pages.models import Visit

def index(request):
    answer = render(request, "page.html")
    answer.set_cookie("seen", "yes")
    return answer

def about(request):
    return HttpResponse("<h1>About</h1>")

def api(request):
    return HttpResponse("fetched")

def form(request):
    Visit.objects.create(word=request.POST["word"])
    return redirect(f"/?word={Visit.objects.last().word}")
""",
    "backend/pages/templates/page.html": PAGE.replace('method="post">', 'method="post">{% csrf_token %}'),
    **{f"backend/{path}": text for path, text in STATIC.items()},
}
POETRY = {
    "pyproject.toml": """
[tool.poetry]
name = "shop"
version = "0.1.0"
description = ""
authors = ["Someone <someone@example.org>"]
packages = [{include = "app", from = "src"}]

[tool.poetry.dependencies]
python = "^3.10"
fastapi = "^0.115.0"
python-multipart = "^0.0.20"
uvicorn = {extras = ["standard"], version = "^0.34.0"}

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
""",
    **FASTAPI_FILES,
}
BOTTLE_FILES = {"src/shop.py": BOTTLE, **SERVED}
PDM = {
    "pyproject.toml": """
[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["bottle>=0.13"]

[dependency-groups]
dev = ["iniconfig>=2"]

[tool.pdm]
distribution = false
""",
    "pdm.lock": """
[metadata]
groups = ["default", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"
content_hash = "sha256:e0697f8e8ef1c5a5abf80d38e38399d11b47067e60f1c819a73d42f1283e1820"

[[metadata.targets]]
requires_python = ">=3.10"

[[package]]
name = "bottle"
version = "0.13.4"
summary = "Fast and simple WSGI-framework for small web-applications."
groups = ["default"]
files = [
    {file = "bottle-0.13.4-py2.py3-none-any.whl", hash = "sha256:045684fbd2764eac9cdeb824861d1551d113e8b683d8d26e296898d3dd99a12e"},
    {file = "bottle-0.13.4.tar.gz", hash = "sha256:787e78327e12b227938de02248333d788cfe45987edca735f8f88e03472c3f47"},
]

[[package]]
name = "iniconfig"
version = "2.3.1"
requires_python = ">=3.10"
summary = "brain-dead simple config-ini parsing"
groups = ["dev"]
files = [
    {file = "iniconfig-2.3.1-py3-none-any.whl", hash = "sha256:9121e2c1fdb355232495be3194c8dfe87ccc2d5dee45947b78e68f499790d7a7"},
    {file = "iniconfig-2.3.1.tar.gz", hash = "sha256:67f4b9c50da0dedf52af349e7749a80a9057a5031199791b906c3bb3ae878960"},
]
""",
    **BOTTLE_FILES,
}
PIPFILE_LOCK = {
    "_meta": {
        "hash": {"sha256": "17366ade2b5b5021dba4ff5152a8bce2b220f6b78742e654a0bad8de0aafa36a"},
        "pipfile-spec": 6,
        "requires": {},
        "sources": [],
    },
    "default": {
        "bottle": {
            "hashes": [
                "sha256:045684fbd2764eac9cdeb824861d1551d113e8b683d8d26e296898d3dd99a12e",
                "sha256:787e78327e12b227938de02248333d788cfe45987edca735f8f88e03472c3f47",
            ],
            "version": "==0.13.4",
        }
    },
    "develop": {},
}
PIPENV = {
    "Pipfile": '[packages]\nbottle = "*"\n\n[dev-packages]\niniconfig = "*"\n',
    "Pipfile.lock": json.dumps(PIPFILE_LOCK, indent=4),
    **BOTTLE_FILES,
}
LAYOUTS = (
    App("flask-factory", FLASK_FACTORY, framework="flask", server=True),
    App("fastapi-src", FASTAPI_SRC, framework="fastapi", server=True),
    App("django-subfolder", DJANGO_SUBFOLDER, framework="django", server=True),
    App("poetry", POETRY, framework="fastapi", server=True),
    App("pdm", PDM, framework="bottle", server=True),
    App("pipenv", PIPENV, framework="bottle", server=True),
)
