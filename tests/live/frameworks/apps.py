"""One small project for each framework, written as people write them: addresses from the root, nothing about a prefix.

Each has a page with a style sheet and a script, a link, a form that redirects, and where the framework can a cookie, a
WebSocket and an event stream. The script writes `ready` into the page's title once it ran.
"""

from __future__ import annotations

import json

from tests.live.frameworks.bundlers import BUNDLED
from tests.live.frameworks.layouts import LAYOUTS
from tests.live.frameworks.meta import META
from tests.live.frameworks.more import MORE
from tests.live.frameworks.node_servers import NODE_SERVERS
from tests.live.frameworks.pages import PAGES
from tests.live.frameworks.parts import CSS, DOT, PAGE, PNG, SERVED, STATIC, App, package
from tests.live.frameworks.python import PYTHON
from tests.live.frameworks.vite import VITE

EXPRESS = """
import express from "express";
import helmet from "helmet";
import { WebSocketServer } from "ws";
import { readFileSync } from "node:fs";
const app = express();
app.use(helmet());
app.use(express.urlencoded({ extended: false }));
app.use("/static", express.static("static"));
app.get("/", (ask, answer) => { answer.cookie("seen", "yes"); answer.type("html").send(readFileSync("page.html")); });
app.get("/about", (ask, answer) => answer.send("<h1>About</h1>"));
app.get("/api", (ask, answer) => answer.send("fetched"));
app.post("/form", (ask, answer) => answer.redirect(`/?word=${ask.body.word}`));
app.get("/events", (ask, answer) => {
  answer.set("Content-Type", "text/event-stream").flushHeaders();
  answer.write("data: streamed\\n\\n");
});
const server = app.listen(process.env.PORT);
new WebSocketServer({ server, path: "/socket" }).on("connection", (socket) =>
  socket.on("message", (text) => socket.send(`echo ${text}`)));
"""
FASTIFY = """
import Fastify from "fastify";
import files from "@fastify/static";
import forms from "@fastify/formbody";
import cookies from "@fastify/cookie";
import sockets from "@fastify/websocket";
import path from "node:path";
import { readFileSync } from "node:fs";
const app = Fastify();
await app.register(files, { root: path.resolve("static"), prefix: "/static/" });
await app.register(forms); await app.register(cookies); await app.register(sockets);
app.get("/", (ask, answer) =>
  answer.setCookie("seen", "yes", { path: "/" }).type("text/html").send(readFileSync("page.html")));
app.get("/about", (ask, answer) => answer.type("text/html").send("<h1>About</h1>"));
app.get("/api", () => "fetched");
app.post("/form", (ask, answer) => answer.redirect(`/?word=${ask.body.word}`));
app.get("/events", (ask, answer) => {
  answer.raw.writeHead(200, { "Content-Type": "text/event-stream" });
  answer.raw.write("data: streamed\\n\\n");
});
app.get("/socket", { websocket: true }, (socket) => socket.on("message", (text) => socket.send(`echo ${text}`)));
await app.listen({ port: process.env.PORT, host: "0.0.0.0" });
"""
KOA = """
import Koa from "koa";
import mount from "koa-mount";
import files from "koa-static";
import { bodyParser } from "@koa/bodyparser";
import { readFileSync } from "node:fs";
const app = new Koa();
app.use(mount("/static", files("static"))).use(bodyParser());
app.use((ctx) => {
  if (ctx.path === "/form") return ctx.redirect(`/?word=${ctx.request.body.word}`);
  if (ctx.path === "/about") { ctx.body = "<h1>About</h1>"; return; }
  if (ctx.path === "/api") { ctx.body = "fetched"; return; }
  if (ctx.path !== "/") return;
  ctx.cookies.set("seen", "yes");
  ctx.type = "html";
  ctx.body = readFileSync("page.html", "utf8");
});
app.listen(process.env.PORT);
"""
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
STREAMLIT = 'import streamlit as st\nst.title("Shop")\nst.write("ready" if st.button("Send") else "waiting")\n'
GRADIO = """
import gradio as gr
demo = gr.Interface(fn=lambda word: f"echo {word}", inputs="text", outputs="text", title="Shop")
demo.launch()
"""
DASH = """
from dash import Dash, Input, Output, dcc, html
app = Dash(__name__)
server = app.server
app.layout = html.Div([html.H1("Shop"), dcc.Input(id="word", value="pear"), html.P(id="out")])

@app.callback(Output("out", "children"), Input("word", "value"))
def echo(word):
    return f"echo {word}"

if __name__ == "__main__":
    app.run(debug=True)
"""
TEMPLATES = {"templates/page.html": PAGE, **STATIC}

SERVERS = (
    App(
        "express",
        {"package.json": package("node server.js", express="^5", helmet="^8", ws="^8"), "server.js": EXPRESS, **SERVED},
        server=True, socket=True, events=True,
    ),
    App(
        "fastify",
        {
            "package.json": package("node server.js", fastify="^5", **{
                "@fastify/static": "^8", "@fastify/formbody": "^8", "@fastify/cookie": "^11", "@fastify/websocket": "^11"}),
            "server.js": FASTIFY, **SERVED,
        },
        server=True, socket=True, events=True,
    ),
    App(
        "koa",
        {
            "package.json": package("node server.js", koa="^3", **{
                "koa-mount": "^4", "koa-static": "^5", "@koa/bodyparser": "^6"}),
            "server.js": KOA, **SERVED,
        },
        server=True,
    ),
    App("flask", {"requirements.txt": "flask\n", "app.py": FLASK, **TEMPLATES}, server=True, events=True),
    App(
        "fastapi",
        {"requirements.txt": "fastapi\njinja2\npython-multipart\n", "main.py": FASTAPI, **TEMPLATES},
        server=True, socket=True, events=True,
    ),
    App(
        "starlette",
        {"requirements.txt": "starlette\npython-multipart\n", "app.py": STARLETTE, **TEMPLATES},
        server=True, socket=True,
    ),
    App("django", DJANGO, server=True),
    App(
        "streamlit", {"requirements.txt": "streamlit\n", "app.py": STREAMLIT},
        about=False, styled=False, click="Send", shows="ready",
    ),
    App(
        "gradio", {"requirements.txt": "gradio\n", "app.py": GRADIO}, about=False, styled=False, click="Submit", shows="echo",
    ),
    App("dash", {"requirements.txt": "dash\n", "app.py": DASH}, about=False, styled=False, shows="echo pear"),
)  # fmt: skip

VITE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loading</title><link rel="icon" href="/dot.svg"></head>
<body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body></html>
"""
VITE_MAIN = """
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Link, Route, Routes } from "react-router-dom";
import logo from "./logo.svg";
import "./style.css";

document.title = "ready";
const Home = () => <><h1>Shop</h1><img src={logo} alt="" /><img src="/dot.svg" alt="" /><Link to="/about">About</Link></>;
createRoot(document.getElementById("root")!).render(
  <StrictMode><BrowserRouter>
    <Routes><Route path="/" element={<Home />} /><Route path="/about" element={<h1>About</h1>} /></Routes>
  </BrowserRouter></StrictMode>,
);
"""
VITE_CONFIG = """
import { defineConfig } from "vite";
import react from "@vitejs/plugin-react";
export default defineConfig({ plugins: [react()] });
"""
TSCONFIG = (
    """{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }] }"""
)
TSCONFIG_APP = """{ "compilerOptions": { "composite": true, "noEmit": false, "outDir": "./node_modules/.tmp/app",
  "target": "ES2022", "lib": ["ES2022", "DOM", "DOM.Iterable"], "module": "ESNext", "skipLibCheck": true,
  "moduleResolution": "bundler", "jsx": "react-jsx", "strict": true, "types": ["vite/client"] }, "include": ["src"] }"""
TSCONFIG_NODE = """{ "compilerOptions": { "composite": true, "noEmit": false, "outDir": "./node_modules/.tmp/node",
  "target": "ES2022", "module": "ESNext", "skipLibCheck": true, "moduleResolution": "bundler", "strict": true },
  "include": ["vite.config.ts"] }"""
REACT = {"react": "^19", "react-dom": "^19"}

VUE_MAIN = """
import { createApp, h } from "vue";
import { createRouter, createWebHistory, RouterLink, RouterView } from "vue-router";
import "./style.css";
document.title = "ready";
const Home = { render: () => [h("h1", "Shop"), h(RouterLink, { to: "/about" }, () => "About")] };
const router = createRouter({ history: createWebHistory(import.meta.env.BASE_URL), routes: [
  { path: "/", component: Home }, { path: "/about", component: { render: () => h("h1", "About") } }] });
createApp({ render: () => h(RouterView) }).use(router).mount("#root");
"""

NEXT = {
    "package.json": package("next start", "next build", next="^15", **REACT),
    "next.config.mjs": "export default { reactStrictMode: true };\n",
    "app/layout.js": """
import "./style.css";
export const metadata = { title: "ready" };
export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }
""",
    "app/style.css": CSS,
    "app/page.js": """
import Link from "next/link";
import Image from "next/image";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
async function send(data) {
  "use server";
  (await cookies()).set("seen", "yes");
  redirect(`/?word=${data.get("word")}`);
}
export const dynamic = "force-dynamic";
export default function Page() {
  return <><h1>Shop</h1><Link href="/about">About</Link><img src="/dot.svg" alt="" />
    <Image src="/dot.png" width={8} height={8} alt="" priority />
    <form action={send}><input name="word" defaultValue="pear" /><button>Send</button></form></>;
}
""",
    "app/about/page.js": "export default function About() { return <h1>About</h1>; }\n",
    "app/api/route.js": 'export const GET = () => new Response("fetched");\n',
    "public/dot.svg": DOT,
    "public/dot.png": PNG,
}
ASTRO_PAGE = """---
import "../style.css";
---
<html lang="en"><head><meta charset="utf-8"><title>loading</title><link rel="icon" href="/dot.svg"></head>
<body><h1>Shop</h1><a href="/about">About</a><img src="/dot.svg" alt="" />
<script>document.title = "ready";</script></body></html>
"""
ASTRO = {"src/pages/index.astro": ASTRO_PAGE, "src/style.css": CSS, "public/dot.svg": DOT}
SVELTE_PAGE = """
<script>
  import { onMount } from "svelte";
  import "../style.css";
  onMount(() => { document.title = "ready"; });
</script>
<h1>Shop</h1><a href="/about">About</a><img src="/dot.svg" alt="" />
<form method="post"><input name="word" value="pear" /><button>Send</button></form>
"""
SVELTE = {
    "src/app.html": '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="%sveltekit.assets%'
    '/dot.svg">%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>',
    "src/style.css": CSS,
    "src/routes/about/+page.svelte": "<h1>About</h1>\n",
    "static/dot.svg": DOT,
    "vite.config.js": 'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };\n',
}
SVELTE_PACKAGES = {"@sveltejs/kit": "^2", "@sveltejs/vite-plugin-svelte": "^6", "svelte": "^5", "vite": "^7"}
NUXT = {
    "package.json": package(None, "nuxt build", nuxt="^4", vue="^3", **{"vue-router": "^4"}),
    "nuxt.config.ts": 'export default defineNuxtConfig({ css: ["~/assets/style.css"], telemetry: false });\n',
    "app/assets/style.css": CSS,
    "app/pages/index.vue": """<script setup>
const { data } = await useFetch("/api/word");
onMounted(() => { document.title = "ready"; });
</script>
<template><div><h1>Shop</h1><p>{{ data }}</p><NuxtLink to="/about">About</NuxtLink><img src="/dot.svg" alt=""></div></template>
""",
    "app/pages/about.vue": "<template><h1>About</h1></template>\n",
    "server/api/word.ts": 'export default defineEventHandler(() => "fetched");\n',
    "public/dot.svg": DOT,
}
REACT_ROUTER = {
    "package.json": package(
        "react-router-serve ./build/server/index.js", "react-router build", **REACT,
        **{"@react-router/dev": "7.9.6", "@react-router/node": "7.9.6", "@react-router/serve": "7.9.6", "react-router": "7.9.6",
           "vite": "^7", "isbot": "^5"}),
    "vite.config.ts": """
import { reactRouter } from "@react-router/dev/vite";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [reactRouter()] });
""",
    "react-router.config.ts": "export default { ssr: true };\n",
    "app/style.css": CSS,
    "app/routes.ts": """
import { index, route } from "@react-router/dev/routes";
export default [index("home.tsx"), route("about", "about.tsx")];
""",
    "app/root.tsx": """
import { Links, Meta, Outlet, Scripts } from "react-router";
import "./style.css";
export const Layout = ({ children }) => <html lang="en"><head><Meta /><Links /></head><body>{children}<Scripts /></body></html>;
export default () => <Outlet />;
""",
    "app/home.tsx": """
import { useEffect } from "react";
import { Form, Link, redirect } from "react-router";
export async function action({ request }) { return redirect(`/?word=${(await request.formData()).get("word")}`); }
export default function Home() {
  useEffect(() => { document.title = "ready"; }, []);
  return <><h1>Shop</h1><Link to="/about">About</Link><img src="/dot.svg" alt="" />
    <Form method="post" action="/?index"><input name="word" defaultValue="pear" /><button>Send</button></Form></>;
}
""",
    "app/about.tsx": "export default () => <h1>About</h1>;\n",
    "public/dot.svg": DOT,
}  # fmt: skip
# The bundler's next release does not know an option its plugin still passes.
DOCUSAURUS = {
    "package.json": json.dumps({
        **json.loads(package(None, "docusaurus build", **REACT, **{
            "@docusaurus/core": "3.8.1", "@docusaurus/preset-classic": "3.8.1"})),
        "overrides": {"webpack": "5.99.9"},
    }),
    "docusaurus.config.js": """
export default { title: "Shop", url: "https://example.org", baseUrl: "/", onBrokenLinks: "ignore",
  presets: [["classic", { blog: false }]] };
""",
    "sidebars.js": "export default { docs: [] };\n",
    "docs/about.md": "# About\n",
    "src/pages/index.js": """
import React, { useEffect } from "react";
import Link from "@docusaurus/Link";
export default function Home() {
  useEffect(() => { document.title = "ready"; }, []);
  return <main><h1>Shop</h1><Link to="/docs/about">About</Link><img src="/dot.svg" alt="" /></main>;
}
""",
    "static/dot.svg": DOT,
}  # fmt: skip
VITEPRESS = {
    "package.json": package(None, "vitepress build docs", vitepress="^1"),
    "docs/.vitepress/config.mts": 'import { defineConfig } from "vitepress";\nexport default defineConfig({ title: "Shop" });\n',
    "docs/index.md": "# Shop\n\n[About](/about)\n\n![](/dot.svg)\n",
    "docs/about.md": "# About\n",
    "docs/public/dot.svg": DOT,
}
CRA = {
    "package.json": json.dumps(
        {
            "name": "shop",
            "private": True,
            "scripts": {"start": "react-scripts start", "build": "react-scripts build"},
            "dependencies": {"react": "^18", "react-dom": "^18", "react-scripts": "5.0.1"},
            "browserslist": ["last 1 chrome version"],
        }
    ),
    "public/index.html": '<!doctype html><html lang="en"><head><title>loading</title>'
    '<link rel="icon" href="%PUBLIC_URL%/dot.svg"></head><body><div id="root"></div></body></html>',
    "public/dot.svg": DOT,
    "src/index.js": """
import React from "react";
import { createRoot } from "react-dom/client";
import "./style.css";
document.title = "ready";
createRoot(document.getElementById("root")).render(<><h1>Shop</h1><a href="/about">About</a></>);
""",
    "src/style.css": "h1 { color: rgb(1, 2, 3) }\n",
}
BUILDS = (
    App("vite", {
        "package.json": package(None, "tsc -b && vite build", **REACT, **{
            "react-router-dom": "^7", "vite": "^7", "@vitejs/plugin-react": "^5", "typescript": "^5",
            "@types/react": "^19", "@types/react-dom": "^19"}),
        "index.html": VITE_PAGE, "src/main.tsx": VITE_MAIN, "src/style.css": CSS, "src/logo.svg": DOT,
        "public/dot.svg": DOT, "vite.config.ts": VITE_CONFIG, "tsconfig.json": TSCONFIG,
        "tsconfig.app.json": TSCONFIG_APP, "tsconfig.node.json": TSCONFIG_NODE,
    }),
    App("vue", framework="vite", files={
        "package.json": package(None, "vite build", vue="^3", vite="^7", **{"vue-router": "^4"}),
        "index.html": VITE_PAGE.replace("main.tsx", "main.js"), "src/main.js": VUE_MAIN, "src/style.css": CSS,
        "public/dot.svg": DOT,
    }),
    App("next", NEXT, form=True),
    App("astro", {
        "package.json": package(None, "astro build", astro="^5"), "astro.config.mjs": "export default {};\n",
        "src/pages/about.astro": "<html><body><h1>About</h1></body></html>\n", **ASTRO,
    }),
    App("astro-node", framework="astro", files={
        "package.json": package("node ./dist/server/entry.mjs", "astro build", astro="^5", **{"@astrojs/node": "^9"}),
        "astro.config.mjs": 'import node from "@astrojs/node";\n'
        'export default { output: "server", adapter: node({ mode: "standalone" }) };\n',
        "src/pages/about.astro": "<html><body><h1>About</h1></body></html>\n",
        "src/pages/form.js": 'export const POST = async ({ request, redirect }) =>\n'
        '  redirect(`/?word=${(await request.formData()).get("word")}`, 303);\n',
        **ASTRO, "src/pages/index.astro": ASTRO_PAGE.replace("<script>",
            '<form action="/form" method="post"><input name="word" value="pear"><button>Send</button></form>\n<script>'),
    }, form=True),
    App("sveltekit", {
        "package.json": package("node build", "vite build", **SVELTE_PACKAGES, **{"@sveltejs/adapter-node": "^5"}),
        "svelte.config.js": 'import adapter from "@sveltejs/adapter-node";\nexport default { kit: { adapter: adapter() } };\n',
        "src/routes/+page.svelte": SVELTE_PAGE,
        "src/routes/+page.server.js": 'import { redirect } from "@sveltejs/kit";\nexport const actions = { default: async '
        '({ request }) => redirect(303, `/?word=${(await request.formData()).get("word")}`) };\n',
        **SVELTE,
    }, form=True),
    App("sveltekit-spa", framework="sveltekit", files={
        "package.json": package(None, "vite build", **SVELTE_PACKAGES, **{"@sveltejs/adapter-static": "^3"}),
        "svelte.config.js": 'import adapter from "@sveltejs/adapter-static";\n'
        'export default { kit: { adapter: adapter({ fallback: "index.html" }) } };\n',
        "src/routes/+layout.js": "export const ssr = false;\n",
        "src/routes/+page.svelte": SVELTE_PAGE.replace('<a href="/about">', '<a href="/about" id="raw">'),
        **SVELTE,
    }),
    App("nuxt", NUXT),
    App("react-router", REACT_ROUTER, form=True),
    App("docusaurus", DOCUSAURUS, styled=False),
    App("vitepress", VITEPRESS, styled=False),
    App("create-react-app", CRA, about=False),
)  # fmt: skip
APPS = {
    app.name: app
    for app in (*SERVERS, *BUILDS, *MORE, *NODE_SERVERS, *BUNDLED, *VITE, *PAGES, *META, *PYTHON, *LAYOUTS)
}
