"""What is known of Python frameworks: the calls that make an app, the calls that start a server."""

from __future__ import annotations

import re

WSGI, ASGI, SCRIPT = "wsgi", "asgi", "script"

CONSTRUCTORS: dict[str, tuple[str, str]] = {
    "flask.Flask": ("flask", WSGI),
    "apiflask.APIFlask": ("flask", WSGI),
    "connexion.FlaskApp": ("connexion", ASGI),
    "dash.Dash": ("dash", SCRIPT),
    "falcon.App": ("falcon", WSGI),
    "falcon.API": ("falcon", WSGI),
    "falcon.asgi.App": ("falcon", ASGI),
    "bottle.Bottle": ("bottle", WSGI),
    "bottle.default_app": ("bottle", WSGI),
    "fastapi.FastAPI": ("fastapi", ASGI),
    "starlette.applications.Starlette": ("starlette", ASGI),
    "litestar.Litestar": ("litestar", ASGI),
    "quart.Quart": ("quart", ASGI),
    "sanic.Sanic": ("sanic", ASGI),
    "blacksheep.Application": ("blacksheep", ASGI),
    "blacksheep.server.Application": ("blacksheep", ASGI),
    "fasthtml.common.FastHTML": ("fasthtml", ASGI),
    "fasthtml.common.fast_app": ("fasthtml", ASGI),
    "connexion.AsyncApp": ("connexion", ASGI),
    "connexion.App": ("connexion", ASGI),
    "aiohttp.web.Application": ("aiohttp", SCRIPT),
    "django.core.wsgi.get_wsgi_application": ("django", WSGI),
    "django.core.asgi.get_asgi_application": ("django", ASGI),
    "channels.routing.ProtocolTypeRouter": ("django", ASGI),
    "socketio.ASGIApp": ("socketio", ASGI),
    "socketio.WSGIApp": ("socketio", WSGI),
    "gradio.Blocks": ("gradio", SCRIPT),
    "gradio.Interface": ("gradio", SCRIPT),
    "gradio.ChatInterface": ("gradio", SCRIPT),
    "gradio.TabbedInterface": ("gradio", SCRIPT),
    "tornado.web.Application": ("tornado", SCRIPT),
}
"""Calls that make an application object, by full name: framework and how it is served."""

WSGI_BEFORE = {
    "connexion": re.compile(r"^\W*connexion(?![\w-])[^\n#]*?(?:(?:==|~=|\^)\s*[12]\b|<\s*3|<=\s*2)", re.MULTILINE)
}
"""Frameworks that took to ASGI later on, with how a manifest asks for the versions before that."""

ALIASES = {
    "dash.dash.Dash": "dash.Dash",
    "flask.app.Flask": "flask.Flask",
    "starlette.Starlette": "starlette.applications.Starlette",
    "fasthtml.FastHTML": "fasthtml.common.FastHTML",
    "fasthtml.fast_app": "fasthtml.common.fast_app",
    "sanic.app.Sanic": "sanic.Sanic",
}

STARTERS = re.compile(
    r"(^uvicorn\.run|^hypercorn\.|^waitress\.serve|^aiohttp\.web\.run_app|^cherrypy\.quickstart|^bottle\.run"
    r"|^wsgiref\.simple_server\.make_server|^http\.server\.\w*HTTPServer|^socketserver\.\w+Server|^nicegui\.ui\.run"
    r"|^asyncio\.start_server|^werkzeug\.serving\.run_simple|^gevent\.pywsgi\.WSGIServer"
    r"|^eventlet\.wsgi\.server|^granian\.|^panel\.serve|^flet\.app|^xmlrpc\.server\.\w+|^reactpy\.run|^mesop\.)"
)

METHODS = frozenset({"run", "run_server", "launch", "listen", "serve_forever", "run_app"})

DATA_FILE = re.compile(
    r"^(?:sqlite(?:\+\w+)?:///)?(?!/)(?P<path>(?:\./)?[\w][\w./-]*\.(?:db|db3|sqlite|sqlite3))(?:\?.*)?$"
)

DATABASES = frozenset(
    {
        "sqlite3",
        "aiosqlite",
        "sqlalchemy",
        "flask_sqlalchemy",
        "sqlmodel",
        "peewee",
        "tortoise",
        "databases",
        "pony",
        "dataset",
    }
)

LENIENT = re.compile(
    r"^(\w+)\s*=\s*(?:\w+\.)*(Flask|FastAPI|Starlette|Quart|Sanic|Bottle|Dash|Litestar)\s*\(", re.MULTILINE
)
MENTIONS = re.compile(
    r"\b(Flask|APIFlask|FastAPI|Starlette|Litestar|Quart|Sanic|Bottle|Dash|falcon|blacksheep|fasthtml|connexion|tornado|aiohttp"
    r"|get_[aw]sgi_application|make_wsgi_app|(create|make|build|get)_app|socketio|streamlit|chainlit|gradio|panel|solara|mesop|nicegui"
    r"|DJANGO_SETTINGS_MODULE|sqlite\w*|serve_forever|run_app)\b"
)
"""Words without which a file further down is not parsed."""

WORKERS = frozenset(
    {"discord", "nextcord", "disnake", "telegram", "telebot", "aiogram", "pyrogram", "telethon", "slack_bolt"}
    | {
        "twitchio",
        "praw",
        "celery",
        "rq",
        "dramatiq",
        "huey",
        "apscheduler",
        "schedule",
        "pika",
        "kafka",
        "confluent_kafka",
    }
)
"""Imports of programs that work for a chat service, a queue or a clock."""
WEB = frozenset(
    {
        "flask",
        "fastapi",
        "starlette",
        "django",
        "aiohttp",
        "tornado",
        "bottle",
        "sanic",
        "quart",
        "litestar",
        "uvicorn",
    }
    | {"http", "socketserver", "wsgiref", "streamlit", "gradio", "dash", "nicegui", "cherrypy", "falcon", "werkzeug"}
)
"""Imports that answer visitors."""
