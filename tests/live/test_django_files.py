"""A Django project as people have it: settings for a host with https, a `.env`, a Python nobody has here."""

from __future__ import annotations

import re
import subprocess

import pytest

from monitor.domain.redaction import HIDDEN
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]
SECRET = "tok-9f8e7d6c5b4a"
SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
DEBUG = False
ALLOWED_HOSTS = ["shop.example.com"]
SECURE_SSL_REDIRECT = True
SECRET_KEY = os.environ["SHOP_TOKEN"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "pages"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
"""
PROJECT = {
    "requirements.txt": "django>=5\n",
    ".python-version": "3.9\n",
    ".env": f"SHOP_TOKEN={SECRET}\n",
    "manage.py": "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    "from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    "shop/urls.py": "from django.contrib import admin\nfrom django.urls import path\nfrom pages.views import index\n"
    "urlpatterns = [path('', index), path('admin/', admin.site.urls)]\n",
    "pages/__init__.py": "",
    "pages/views.py": "import os\nfrom django.shortcuts import render\ndef index(request):\n"
    "    print('the token is', os.environ['SHOP_TOKEN'], flush=True)\n    return render(request, 'page.html')\n",
    "pages/templates/page.html": "{% load static %}<h1>Shop</h1>"
    "<link rel=stylesheet href=\"{% static 'page.css' %}\">",
    "pages/static/page.css": "h1 { color: teal }",
}


def test_files_are_served_the_env_arrives_unseen_and_the_version_is_said() -> None:
    with Slipway("process") as slipway:
        slipway.drop("shop", PROJECT)
        state = slipway.until_serving("shop", 200)
        page = slipway.get("/shop/").text
        (sheet,) = re.findall(r'href="(/shop/static/page\.[0-9a-f]+\.css)"', page)
        assert slipway.get(sheet).text == PROJECT["pages/static/page.css"]
        sheets = re.findall(r'href="(/shop/static/[^"]+\.css)"', slipway.get("/shop/admin/login/").text)
        assert sheets, "the admin's own style sheets"
        assert {slipway.get(path).status for path in sheets} == {200}
        assert slipway.get("/shop/static/none.css").status == 404

        said = [
            line
            for line in state["warnings"]
            if line.startswith(".python-version asks for python 3.9; it runs on 3.")
        ]
        assert said, state["warnings"]
        listed = subprocess.run(
            [*slipway.command()[:3], "list", "--data", str(slipway.data)], capture_output=True, text=True, check=True
        )
        assert f"! shop: {said[0]}" in listed.stderr

        lines = slipway.until(lambda: token_lines(slipway), 10, "what it printed")
        assert all(HIDDEN in line and SECRET not in line for line in lines), lines
        assert SECRET not in str(slipway.states())
        assert ".env" not in slipway.files_of("shop")


def token_lines(slipway: Slipway) -> list[str]:
    printed = slipway.client.get("/api/project/shop/logs")["lines"]
    return [line for line in map(str, printed) if "the token is" in line]
