"""Projects of `apps` for the Node servers most people begin with."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import SERVED, App, package

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
NODE_COMMON = (
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
    App("hono", {"package.json": package("node server.js", hono="^4", **{"@hono/node-server": "^1"}), "server.js": HONO, **SERVED},
        server=True),
    App("nest", NEST, server=True),
)  # fmt: skip
