"""More of the projects of `apps`: small servers that only differ in their framework, and site builders."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import CSS, DOT, PAGE, SERVED, STATIC, App, package

HONO = """
import { Hono } from "hono";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { setCookie } from "hono/cookie";
import { readFileSync } from "node:fs";
const app = new Hono();
app.use("/static/*", serveStatic({ root: "./" }));
app.get("/", (c) => { setCookie(c, "seen", "yes"); return c.html(readFileSync("page.html", "utf8")); });
app.get("/about", (c) => c.html("<h1>About</h1>"));
app.get("/api", (c) => c.text("fetched"));
app.post("/form", async (c) => c.redirect(`/?word=${(await c.req.parseBody()).word}`));
serve({ fetch: app.fetch, port: Number(process.env.PORT) });
"""
NEST_MAIN = """
import { NestFactory } from "@nestjs/core";
import { NestExpressApplication } from "@nestjs/platform-express";
import { AppModule } from "./app.module";
async function main() {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  app.useStaticAssets("static", { prefix: "/static/" });
  await app.listen(process.env.PORT ?? 3000);
}
main();
"""
NEST_MODULE = """
import { Body, Controller, Get, Module, Post, Res } from "@nestjs/common";
import { readFileSync } from "fs";
@Controller()
class AppController {
  @Get() page(@Res() answer: any) { answer.cookie("seen", "yes").type("html").send(readFileSync("page.html")); }
  @Get("about") about() { return "<h1>About</h1>"; }
  @Get("api") api() { return "fetched"; }
  @Post("form") form(@Body() body: any, @Res() answer: any) { answer.redirect(`/?word=${body.word}`); }
}
@Module({ controllers: [AppController] })
export class AppModule {}
"""
NEST = {
    "package.json": json.dumps({
        "name": "shop", "private": True,
        "scripts": {"build": "nest build", "start": "nest start", "start:prod": "node dist/main"},
        "dependencies": {"@nestjs/common": "^11", "@nestjs/core": "^11", "@nestjs/platform-express": "^11",
                         "reflect-metadata": "^0.2", "rxjs": "^7"},
        "devDependencies": {"@nestjs/cli": "^11", "typescript": "^5", "@types/node": "^20"},
    }),
    "nest-cli.json": '{ "sourceRoot": "src" }',
    "tsconfig.json": """{ "compilerOptions": { "module": "commonjs", "target": "es2022", "outDir": "dist", "rootDir": "src",
  "experimentalDecorators": true, "emitDecoratorMetadata": true, "skipLibCheck": true }, "include": ["src"] }""",
    "src/main.ts": NEST_MAIN,
    "src/app.module.ts": NEST_MODULE,
    **SERVED,
}  # fmt: skip
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
ELEVENTY = {
    "package.json": json.dumps({
        "name": "shop", "scripts": {"build": "eleventy", "start": "eleventy --serve"},
        "devDependencies": {"@11ty/eleventy": "2.0.1"},
    }),
    "eleventy.config.js": """
module.exports = (config) => {
  config.addPassthroughCopy("static");
  return { dir: { output: "public_site" } };
};
""",
    "index.html": PAGE,
    "about.html": "<h1>About</h1>",
    **STATIC,
    "static/app.js": 'document.title = "ready";\n',
}  # fmt: skip
ANGULAR = {
    "package.json": json.dumps({
        "name": "shop", "private": True,
        "scripts": {"ng": "ng", "start": "ng serve", "build": "ng build"},
        "dependencies": {**{f"@angular/{name}": "^20.0.0" for name in (
            "common", "compiler", "core", "platform-browser", "router")}, "rxjs": "~7.8.0", "tslib": "^2.3.0"},
        "devDependencies": {**{f"@angular/{name}": "^20.0.0" for name in ("build", "cli", "compiler-cli")},
                            "typescript": "~5.8.0"},
    }),
    "angular.json": json.dumps({"version": 1, "projects": {"shop": {
        "projectType": "application", "root": "", "sourceRoot": "src", "architect": {"build": {
            "builder": "@angular/build:application",
            "options": {"browser": "src/main.ts", "tsConfig": "tsconfig.json", "styles": ["src/style.css"],
                        "assets": [{"glob": "**/*", "input": "public"}]}}}}}}),
    "tsconfig.json": """{ "compilerOptions": { "target": "ES2022", "module": "preserve", "skipLibCheck": true,
  "experimentalDecorators": true, "strict": true }, "files": ["src/main.ts"] }""",
    "src/index.html": '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>loading</title><base href="/">'
    '<link rel="icon" href="dot.svg"></head><body><app-root></app-root></body></html>',
    "src/style.css": "h1 { color: rgb(1, 2, 3) }\n",
    "src/main.ts": """
import { Component, provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { provideRouter, RouterLink, RouterOutlet } from "@angular/router";
@Component({ selector: "shop-home", imports: [RouterLink],
  template: `<h1>Shop</h1><a routerLink="/about">About</a><img src="dot.svg" alt="">` })
class Home {}
@Component({ selector: "shop-about", template: `<h1>About</h1>` })
class About {}
@Component({ selector: "app-root", imports: [RouterOutlet], template: `<router-outlet />` })
class Root {}
bootstrapApplication(Root, { providers: [provideZonelessChangeDetection(), provideRouter(
  [{ path: "", component: Home }, { path: "about", component: About }])] }).then(() => { document.title = "ready"; });
""",
    "public/dot.svg": DOT,
}  # fmt: skip
REMIX = {
    "package.json": package(
        "remix-serve ./build/server/index.js", "remix vite:build", react="^18", **{"react-dom": "^18"},
        **{"@remix-run/dev": "^2", "@remix-run/node": "^2", "@remix-run/react": "^2", "@remix-run/serve": "^2", "vite": "^5",
           "isbot": "^4"}),
    "vite.config.ts": """
import { vitePlugin as remix } from "@remix-run/dev";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [remix({ future: { v3_singleFetch: true, v3_lazyRouteDiscovery: true } })] });
""",
    "app/style.css": CSS,
    "app/root.tsx": """
import { Links, Meta, Outlet, Scripts } from "@remix-run/react";
import "./style.css";
export const Layout = ({ children }) => <html lang="en"><head><Meta /><Links /></head><body>{children}<Scripts /></body></html>;
export default () => <Outlet />;
""",
    "app/routes/_index.tsx": """
import { redirect } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { useEffect } from "react";
export const loader = () => ({ word: "fetched" });
export async function action({ request }) { return redirect(`/?word=${(await request.formData()).get("word")}`); }
export default function Home() {
  const { word } = useLoaderData();
  useEffect(() => { document.title = "ready"; }, []);
  return <><h1>Shop</h1><p>{word}</p><Link to="/about">About</Link><img src="/dot.svg" alt="" />
    <Form method="post" action="/?index"><input name="word" defaultValue="pear" /><button>Send</button></Form></>;
}
""",
    "app/routes/about.tsx": """
import { Link } from "@remix-run/react";
export default () => <><h1>About</h1><Link to="/">Home</Link></>;
""",
    "public/dot.svg": DOT,
}  # fmt: skip
MORE = (
    App("remix", REMIX, form=True, shows="fetched"),
    App("hono", {"package.json": package("node server.js", hono="^4", **{"@hono/node-server": "^1"}), "server.js": HONO, **SERVED},
        server=True),
    App("nest", NEST, server=True),
    App("falcon", {"requirements.txt": "falcon\n", "app.py": FALCON, **SERVED}, server=True),
    App("bottle", {"requirements.txt": "bottle\n", "app.py": BOTTLE, **SERVED}, server=True),
    App("fasthtml", {"requirements.txt": "python-fasthtml\n", "main.py": FASTHTML, **SERVED}, server=True),
    App("aiohttp", {"requirements.txt": "aiohttp\n", "app.py": AIOHTTP, **SERVED}, server=True, socket=True, events=True),
    App("eleventy", ELEVENTY),
    App("angular", ANGULAR),
)  # fmt: skip
