"""Projects of `apps` for Node's frameworks that bring a server of their own."""

from __future__ import annotations

import json

from tests.live.frameworks.adonis import ADONIS_APP
from tests.live.frameworks.parts import CSS, DOT, REACT, SERVED, App, package

NITRO_VITE = {
    "package.json": json.dumps({
        "type": "module", "scripts": {"build": "vite build", "dev": "vite dev", "preview": "vite preview"},
        "devDependencies": {"nitro": "^3", "vite": "^8"},
    }),
    "vite.config.ts": 'import { defineConfig } from "vite";\nimport { nitro } from "nitro/vite";\n'
    'export default defineConfig({ plugins: [nitro({ serverDir: "./" })] });\n',
    "routes/index.ts": """
import { defineHandler } from "nitro/h3";
import page from "../page.html?raw";
export default defineHandler((event) => {
  event.res.headers.set("content-type", "text/html");
  event.res.headers.set("set-cookie", "seen=yes; Path=/");
  return page;
});
""",
    "routes/about.ts": """
import { defineHandler } from "nitro/h3";
export default defineHandler(() => new Response("<h1>About</h1>", { headers: { "content-type": "text/html" } }));
""",
    "routes/api.ts": 'import { defineHandler } from "nitro/h3";\nexport default defineHandler(() => "fetched");\n',
    "routes/form.post.ts": """
import { defineHandler, redirect } from "nitro/h3";
export default defineHandler(async (event) => redirect(`/?word=${(await event.req.formData()).get("word")}`));
""",
    "page.html": SERVED["page.html"],
    **{f"public/{path}": text for path, text in SERVED.items() if path.startswith("static/")},
}  # fmt: skip
QWIK = {
    "package.json": json.dumps({
        "name": "shop", "private": True, "type": "module",
        "scripts": {"build": "qwik build", "build.client": "vite build",
                    "build.preview": "vite build --ssr src/entry.preview.tsx", "dev": "vite --mode ssr",
                    "preview": "qwik build preview && vite preview --open", "start": "vite --open --mode ssr"},
        "devDependencies": {"@builder.io/qwik": "^1", "@builder.io/qwik-city": "^1", "vite": "^7", "typescript": "^5",
                            "vite-tsconfig-paths": "^4", "eslint": "^9"},
    }),
    "vite.config.ts": """
import { defineConfig } from "vite";
import { qwikVite } from "@builder.io/qwik/optimizer";
import { qwikCity } from "@builder.io/qwik-city/vite";
export default defineConfig(() => ({ plugins: [qwikCity(), qwikVite()] }));
""",
    "tsconfig.json": """{ "compilerOptions": { "allowJs": true, "target": "ES2017", "module": "ES2022", "jsx": "react-jsx",
  "jsxImportSource": "@builder.io/qwik", "strict": true, "moduleResolution": "Bundler", "noEmit": true }, "include": ["src"] }""",
    "public/dot.svg": DOT,
    "src/entry.ssr.tsx": """
import { renderToStream, type RenderToStreamOptions } from "@builder.io/qwik/server";
import Root from "./root";
export default function (given: RenderToStreamOptions) {
  return renderToStream(<Root />, { ...given, containerAttributes: { lang: "en-us", ...given.containerAttributes } });
}
""",
    "src/entry.preview.tsx": """
import { createQwikCity } from "@builder.io/qwik-city/middleware/node";
import qwikCityPlan from "@qwik-city-plan";
import render from "./entry.ssr";
export default createQwikCity({ render, qwikCityPlan });
""",
    "src/root.tsx": """
import { component$ } from "@builder.io/qwik";
import { QwikCityProvider, RouterOutlet } from "@builder.io/qwik-city";
import "./global.css";
export default component$(() => (
  <QwikCityProvider>
    <head><meta charset="utf-8" /><title>loading</title><link rel="icon" href="/dot.svg" /></head>
    <body><RouterOutlet /></body>
  </QwikCityProvider>
));
""",
    "src/global.css": CSS,
    "src/routes/index.tsx": """
import { component$, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { Link } from "@builder.io/qwik-city";
export default component$(() => {
  const count = useSignal(0);
  useVisibleTask$(() => { document.title = "ready"; });
  return <><h1>Shop</h1><a href="/about/">About</a>
    <button onClick$={() => { count.value++; }}>More</button><p>clicked {count.value}</p></>;
});
""",
    "src/routes/about/index.tsx": 'import { component$ } from "@builder.io/qwik";\n'
    "export default component$(() => <h1>About</h1>);\n",
}  # fmt: skip
TANSTACK = {
    "package.json": package(None, "vite build", **REACT, **{
        "@tanstack/react-router": "1.170.46", "@tanstack/react-start": "1.169.5", "@vitejs/plugin-react": "^6", "vite": "^8"}),
    "vite.config.ts": """
import { tanstackStart } from "@tanstack/react-start/plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [tanstackStart(), react()] });
""",
    "tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "moduleResolution": "Bundler", "module": "ESNext",'
    ' "target": "ES2022", "skipLibCheck": true, "strictNullChecks": true } }',
    "src/router.tsx": """
import { createRouter } from "@tanstack/react-router";
import { routeTree } from "./routeTree.gen";
export function getRouter() { return createRouter({ routeTree, scrollRestoration: true }); }
""",
    "src/routes/__root.tsx": """
/// <reference types="vite/client" />
import { HeadContent, Outlet, Scripts, createRootRoute } from "@tanstack/react-router";
import css from "../style.css?url";
export const Route = createRootRoute({
  head: () => ({ meta: [{ charSet: "utf-8" }], links: [{ rel: "stylesheet", href: css }, { rel: "icon", href: "/dot.svg" }] }),
  component: () => <html lang="en"><head><HeadContent /></head><body><Outlet /><Scripts /></body></html>,
});
""",
    "src/routes/index.tsx": """
import { Link, createFileRoute } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { useEffect, useState } from "react";
const word = createServerFn().handler(async () => "fetched by the server");
export const Route = createFileRoute("/")({ component: Home });
function Home() {
  const [said, say] = useState("");
  useEffect(() => { document.title = "ready"; }, []);
  return <><h1>Shop</h1><Link to="/about">About</Link><button onClick={async () => say(await word())}>Ask</button><p>{said}</p></>;
}
""",
    "src/routes/about.tsx": """
import { createFileRoute } from "@tanstack/react-router";
export const Route = createFileRoute("/about")({ component: () => <h1>About</h1> });
""",
    "src/style.css": CSS,
    "public/dot.svg": DOT,
}  # fmt: skip
META = (
    ADONIS_APP,
    App("nitro-vite", NITRO_VITE, framework="nitro", server=True),
    App("qwik", QWIK, click="More", shows="clicked 1"),
    App("tanstack-start", TANSTACK, click="Ask", shows="fetched by the server"),
)
