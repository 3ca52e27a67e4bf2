"""Projects of `apps` for Node's server libraries: each a small shop with all the wires of the page."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import SERVED, App, package

HAPI = """
import Hapi from "@hapi/hapi";
import inert from "@hapi/inert";
const server = Hapi.server({ port: process.env.PORT || 3000, host: "localhost" });
await server.register(inert);
server.route([
  { method: "GET", path: "/", handler: (ask, h) => h.file("page.html", { confine: "." }).state("seen", "yes", {
    path: "/", isSecure: false, isSameSite: "Lax" }) },
  { method: "GET", path: "/about", handler: () => "<h1>About</h1>" },
  { method: "GET", path: "/api", handler: () => "fetched" },
  { method: "POST", path: "/form", handler: (ask, h) => h.redirect(`/?word=${ask.payload.word}`) },
  { method: "GET", path: "/static/{name}", handler: { directory: { path: "static" } } },
]);
await server.start();
"""
RESTIFY = """
const restify = require("restify");
const { readFileSync } = require("node:fs");
const server = restify.createServer();
server.use(restify.plugins.bodyParser());
const html = (answer, text) => { answer.sendRaw(200, text, { "Content-Type": "text/html" }); };
server.get("/", (ask, answer, next) => {
  answer.header("Set-Cookie", "seen=yes; Path=/");
  html(answer, readFileSync("page.html", "utf8"));
  next();
});
server.get("/about", (ask, answer, next) => { html(answer, "<h1>About</h1>"); next(); });
server.get("/api", (ask, answer, next) => { html(answer, "fetched"); next(); });
server.post("/form", (ask, answer, next) => answer.redirect(302, `/?word=${ask.body.word}`, next));
server.get("/static/*", restify.plugins.serveStaticFiles("static"));
server.listen(process.env.PORT || 8080, () => console.log("%s listening at %s", server.name, server.url));
"""
POLKA = """
const polka = require("polka");
const sirv = require("sirv");
const { json, urlencoded } = require("body-parser");
const { readFileSync } = require("node:fs");
polka()
  .use("static", sirv("static"))
  .use(json(), urlencoded({ extended: false }))
  .get("/", (ask, answer) => {
    answer.writeHead(200, { "Content-Type": "text/html", "Set-Cookie": "seen=yes; Path=/" });
    answer.end(readFileSync("page.html"));
  })
  .get("/about", (ask, answer) => { answer.setHeader("Content-Type", "text/html"); answer.end("<h1>About</h1>"); })
  .get("/api", (ask, answer) => answer.end("fetched"))
  .post("/form", (ask, answer) => { answer.writeHead(302, { Location: `/?word=${ask.body.word}` }); answer.end(); })
  .listen(process.env.PORT || 3000, (error) => { if (error) throw error; });
"""
H3 = """
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createApp, createRouter, defineEventHandler, readBody, sendRedirect, setCookie, setHeader, toNodeListener } from "h3";
export const app = createApp();
const router = createRouter();
app.use(router);
router.get("/", defineEventHandler((event) => { setCookie(event, "seen", "yes"); return readFileSync("page.html", "utf8"); }));
router.get("/about", defineEventHandler(() => "<h1>About</h1>"));
router.get("/api", defineEventHandler(() => "fetched"));
router.post("/form", defineEventHandler(async (event) => sendRedirect(event, `/?word=${(await readBody(event)).word}`)));
const kinds = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
router.get("/static/:name", defineEventHandler((event) => {
  const { name } = event.context.params;
  setHeader(event, "Content-Type", kinds[name.split(".").pop()]);
  return readFileSync(`static/${name}`, "utf8");
}));
createServer(toNodeListener(app)).listen(process.env.PORT || 3000);
"""
NITRO_PAGE = """
export default defineEventHandler(async (event) => {
  setCookie(event, "seen", "yes");
  return useStorage("assets:server").getItem("page.html");
});
"""
NITRO = {
    "package.json": json.dumps({
        "name": "shop", "private": True,
        "scripts": {"build": "nitro build", "dev": "nitro dev", "prepare": "nitro prepare",
                    "preview": "node .output/server/index.mjs"},
        "devDependencies": {"nitropack": "^2"},
    }),
    "nitro.config.ts": 'export default defineNitroConfig({ compatibilityDate: "2025-01-01", srcDir: "server" });\n',
    "tsconfig.json": '{ "extends": "./.nitro/types/tsconfig.json" }\n',
    "server/routes/index.ts": NITRO_PAGE,
    "server/routes/about.ts": 'export default defineEventHandler(() => "<h1>About</h1>");\n',
    "server/routes/api.ts": 'export default defineEventHandler(() => "fetched");\n',
    "server/routes/form.post.ts": "export default defineEventHandler(async (event) =>\n"
    "  sendRedirect(event, `/?word=${(await readBody(event)).word}`));\n",
    "server/assets/page.html": SERVED["page.html"],
    **{f"server/public/{path}": text for path, text in SERVED.items() if path.startswith("static/")},
}  # fmt: skip
PLAIN = """
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
const kinds = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
export const server = createServer((ask, answer) => {
  const path = new URL(ask.url, "http://shop").pathname;
  const html = (text) => { answer.setHeader("Content-Type", "text/html"); answer.end(text); };
  if (path === "/") { answer.setHeader("Set-Cookie", "seen=yes; Path=/"); return html(readFileSync("page.html")); }
  if (path === "/about") return html("<h1>About</h1>");
  if (path === "/api") return html("fetched");
  if (path === "/form") {
    let body = "";
    ask.on("data", (part) => { body += part; });
    return ask.on("end", () => answer.writeHead(303, { Location: `/?${body}` }).end());
  }
  if (!path.startsWith("/static/") || !existsSync(`.${path}`)) return answer.writeHead(404).end();
  answer.setHeader("Content-Type", kinds[path.split(".").pop()]);
  answer.end(readFileSync(`.${path}`));
});
"""
WS = """
import { WebSocketServer } from "ws";
import { server } from "./http.js";
new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("error", console.error);
  socket.on("message", (text) => socket.send(`echo ${text}`));
});
server.listen(process.env.PORT || 8080);
"""
CHAT = """
import { Server } from "socket.io";
import { server } from "./http.js";
const io = new Server(server);
io.on("connection", (socket) => socket.on("said", (text) => io.emit("said", `everybody hears ${text}`)));
server.listen(process.env.PORT || 3000);
"""
EXPRESS_CHAT = """
const express = require("express");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { Server } = require("socket.io");
const app = express();
const server = createServer(app);
const io = new Server(server);
app.use("/static", express.static("static"));
app.use(express.urlencoded({ extended: true }));
app.get("/", (ask, answer) => { answer.cookie("seen", "yes"); answer.sendFile(join(__dirname, "page.html")); });
app.get("/about", (ask, answer) => { answer.send("<h1>About</h1>"); });
app.get("/api", (ask, answer) => { answer.send("fetched"); });
app.post("/form", (ask, answer) => { answer.redirect(`/?word=${ask.body.word}`); });
io.on("connection", (socket) => socket.on("said", (text) => io.emit("said", `everybody hears ${text}`)));
server.listen(3000, () => { console.log("server running at http://localhost:3000"); });
"""
TALK = """
<p id="said"></p><script src="/socket.io/socket.io.js"></script>
<script>
  const chat = io();
  chat.on("said", (text) => { document.getElementById("said").textContent = text; });
  chat.emit("said", "pears");
</script></body>"""
CHAT_PAGE = {**SERVED, "page.html": SERVED["page.html"].replace("</body>", TALK)}
MICRO = """
const { send, text } = require("micro");
const { readFileSync } = require("node:fs");
const kinds = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
module.exports = async (ask, answer) => {
  const path = ask.url.split("?")[0];
  if (path === "/api") return "fetched";
  if (path === "/form") {
    answer.setHeader("Location", `/?${await text(ask)}`);
    return send(answer, 302);
  }
  answer.setHeader("Content-Type", kinds[path.split(".")[1]] || "text/html");
  if (path === "/about") return "<h1>About</h1>";
  if (path === "/") { answer.setHeader("Set-Cookie", "seen=yes; Path=/"); return readFileSync("page.html", "utf8"); }
  if (path.startsWith("/static/")) return readFileSync(`.${path}`, "utf8");
  send(answer, 404);
};
"""
JSON_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>loading</title><link rel="stylesheet" href="/style.css"></head>
<body><h1>Shop</h1><ul></ul><script>
fetch("/fruits").then((answer) => answer.json()).then((all) => {
  document.querySelector("ul").textContent = all.map((one) => one.name).join();
  document.title = "ready";
});
</script></body></html>
"""
FEATHERS = """
import { feathers } from "@feathersjs/feathers";
import { bodyParser, koa, rest, serveStatic } from "@feathersjs/koa";
import { MemoryService } from "@feathersjs/memory";
const app = koa(feathers());
app.use(serveStatic("public"));
app.use(bodyParser());
app.configure(rest());
app.use("fruits", new MemoryService());
await app.service("fruits").create({ name: "pear" });
app.listen(process.env.PORT || 3030);
"""

ELYSIA = """
import { Elysia } from "elysia";
new Elysia()
  .get("/", ({ cookie: { seen } }) => { seen.set({ value: "yes", path: "/" }); return Bun.file("page.html"); })
  .get("/about", () => new Response("<h1>About</h1>", { headers: { "Content-Type": "text/html" } }))
  .get("/api", () => "fetched")
  .post("/form", ({ body, redirect }) => redirect(`/?word=${(body as { word: string }).word}`))
  .get("/static/:name", ({ params }) => Bun.file(`static/${params.name}`))
  .ws("/socket", { message(socket, text) { socket.send(`echo ${text}`); } })
  .listen(3000);
"""
MOLECULER = """
const ApiGateway = require("moleculer-web");
module.exports = {
  name: "api",
  mixins: [ApiGateway],
  settings: {
    port: process.env.PORT != null ? process.env.PORT : 3000,
    ip: "0.0.0.0",
    routes: [{ path: "/api", whitelist: ["**"], aliases: { "GET fruits": "fruits.list" }, autoAliases: true }],
    assets: { folder: "public", options: {} },
  },
};
"""


def _common(start: str, **dependencies: str) -> str:
    """A package.json as `npm init` writes it: CommonJS."""
    made = {"name": "shop", "version": "1.0.0", "main": "index.js", "scripts": {"start": start}}
    return json.dumps({**made, "dependencies": dependencies}, indent=1)


JSON_PUBLIC = {"public/index.html": JSON_PAGE, "public/style.css": "h1 { color: rgb(1, 2, 3) }\n"}
FRUITS = '{ "fruits": [{ "id": 1, "name": "pear" }] }\n'
NODE_SERVERS = (
    App("hapi", {"package.json": package("node server.js", **{"@hapi/hapi": "^21", "@hapi/inert": "^7"}),
                 "server.js": HAPI, **SERVED}, server=True),
    App("restify", {"package.json": _common("node index.js", restify="^11"), "index.js": RESTIFY, **SERVED}, server=True),
    App("polka", {"package.json": _common("node server", **{"polka": "^0.5", "sirv": "^3", "body-parser": "^2"}),
                  "server.js": POLKA, **SERVED}, server=True),
    App("h3", {"package.json": package("node server.mjs", h3="^1"), "server.mjs": H3, **SERVED}, server=True),
    App("nitro", NITRO, server=True),
    App("ws", {"package.json": package("node index.js", ws="^8"), "index.js": WS, "http.js": PLAIN, **SERVED},
        server=True, socket=True),
    App("socket-io", {"package.json": package("node index.js", **{"socket.io": "^4"}), "index.js": CHAT,
                      "http.js": PLAIN, **CHAT_PAGE},
        framework="socket.io", server=True, shows="everybody hears pears"),
    App("express-chat", {"package.json": _common("node index.js", express="^4", **{"socket.io": "^4"}),
                         "index.js": EXPRESS_CHAT, **CHAT_PAGE},
        framework="express", server=True, shows="everybody hears pears"),
    App("micro", {"package.json": _common("micro", micro="^10"), "index.js": MICRO, **SERVED}, server=True),
    App("json-server", {"package.json": _common("json-server --watch db.json", **{"json-server": "^0.17"}),
                        "db.json": FRUITS, **JSON_PUBLIC}, about=False, shows="pear"),
    App("feathersjs", {"package.json": package("node src", **{
        f"@feathersjs/{name}": "^5" for name in ("feathers", "koa", "memory")}), "src/index.js": FEATHERS, **JSON_PUBLIC},
        about=False, shows="pear"),
    App("elysia", {"package.json": json.dumps({"name": "app", "version": "1.0.50", "scripts": {
        "dev": "bun run --watch src/index.ts"}, "dependencies": {"elysia": "^1"}, "devDependencies": {"bun-types": "latest"},
        "module": "src/index.js"}), "src/index.ts": ELYSIA, **SERVED}, server=True, socket=True),
    App("moleculer", {"package.json": _common("moleculer-runner services", **{"moleculer": "^0.14", "moleculer-web": "^0.10"}),
        "moleculer.config.js": 'module.exports = { namespace: "", nodeID: null, logger: true };\n',
        "services/api.service.js": MOLECULER, "services/fruits.service.js":
        'module.exports = { name: "fruits", actions: { list() { return [{ name: "pear" }]; } } };\n',
        "public/index.html": JSON_PAGE.replace("/fruits", "/api/fruits"), "public/style.css": JSON_PUBLIC["public/style.css"]},
        about=False, shows="pear"),
)  # fmt: skip
