"""Projects of `apps` as `create-vite` lays them out: React, Vue and the smaller ones, some with a router."""

from __future__ import annotations

from tests.live.frameworks.bundlers import SHELL, tooled
from tests.live.frameworks.parts import CSS, DOT, REACT, App, package

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


def _vite(main: str, text: str, config: str, files: dict[str, str], **more: str) -> dict[str, str]:
    """What `create-vite` lays out: `main` is the page's script, `text` its source."""
    page = SHELL.replace("</head>", '<link rel="icon" href="/dot.svg"></head>')
    return {
        "package.json": tooled(
            {"dev": "vite", "build": "vite build", "preview": "vite preview"}, {"type": "module"}, vite="^7", **more
        ),
        "index.html": f'{page}<body><div id="app"></div><script type="module" src="/src/{main}"></script></body></html>',
        f"src/{main}": text, "src/style.css": CSS, "src/dot.svg": DOT, "public/dot.svg": DOT,
        "vite.config.js": config, **files,
    }  # fmt: skip


PREACT = _vite(
    "main.jsx",
    """
import { render } from "preact";
import { LocationProvider, Route, Router } from "preact-iso";
import dot from "./dot.svg";
import "./style.css";
document.title = "ready";
render(<><h1>Shop</h1><img src={dot} alt="" /></>, document.getElementById("app"));
""",
    'import { defineConfig } from "vite";\nimport preact from "@preact/preset-vite";\n'
    "export default defineConfig({ plugins: [preact()] });\n",
    {},
    **{"preact": "^10", "preact-iso": "^2", "@preact/preset-vite": "^2", "@babel/core": "^7"},
)
SVELTE = _vite(
    "main.js",
    """
import { mount } from "svelte";
import "./style.css";
import App from "./App.svelte";
document.title = "ready";
export default mount(App, { target: document.getElementById("app") });
""",
    'import { defineConfig } from "vite";\nimport { svelte } from "@sveltejs/vite-plugin-svelte";\n'
    "export default defineConfig({ plugins: [svelte()] });\n",
    {"src/App.svelte": '<script>\n  import dot from "./dot.svg";\n</script>\n\n<h1>Shop</h1><img src={dot} alt="">\n',
     "svelte.config.js": 'import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";\n'
     "export default { preprocess: vitePreprocess() };\n"},
    **{"svelte": "^5", "@sveltejs/vite-plugin-svelte": "^6"},
)  # fmt: skip
SOLID = _vite(
    "index.jsx",
    """
import { render } from "solid-js/web";
import { A, Route, Router } from "@solidjs/router";
import "./style.css";
document.title = "ready";
const Home = () => <><h1>Shop</h1><A href="/about">About</A></>;
render(() => <Router><Route path="/" component={Home} /><Route path="/about" component={() => <h1>About</h1>} /></Router>,
  document.getElementById("app"));
""",
    'import { defineConfig } from "vite";\nimport solid from "vite-plugin-solid";\n'
    "export default defineConfig({ plugins: [solid()] });\n",
    {},
    **{"solid-js": "^1", "vite-plugin-solid": "^2", "@solidjs/router": "^0.15"},
)
TANSTACK = _vite(
    "main.jsx",
    """
import { createRoot } from "react-dom/client";
import { createRootRoute, createRoute, createRouter, Link, Outlet, RouterProvider } from "@tanstack/react-router";
import "./style.css";
document.title = "ready";
const root = createRootRoute({ component: Outlet });
const home = createRoute({ getParentRoute: () => root, path: "/", component: () => <><h1>Shop</h1><Link to="/about">About</Link></> });
const about = createRoute({ getParentRoute: () => root, path: "/about", component: () => <h1>About</h1> });
const router = createRouter({ routeTree: root.addChildren([home, about]) });
createRoot(document.getElementById("app")).render(<RouterProvider router={router} />);
""",
    'import { defineConfig } from "vite";\nimport react from "@vitejs/plugin-react";\n'
    "export default defineConfig({ plugins: [react()] });\n",
    {},
    **{"@tanstack/react-router": "^1", "@vitejs/plugin-react": "^5", **REACT},
)
VITE = (
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
    App("preact-vite", PREACT, framework="vite", about=False),
    App("svelte-vite", SVELTE, framework="vite", about=False),
    App("solid-vite", SOLID, framework="vite"),
    App("tanstack-vite", TANSTACK, framework="vite"),
)  # fmt: skip
