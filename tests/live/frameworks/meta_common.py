"""Projects of `apps` for the meta-frameworks most people begin with, as servers and as plain files."""

from __future__ import annotations

from tests.live.frameworks.parts import CSS, DOT, PNG, REACT, App, package

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
META_COMMON = (
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
    App("remix", REMIX, form=True, shows="fetched"),
)  # fmt: skip
