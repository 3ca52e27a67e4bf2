"""Projects of `apps` as `create-vite` lays them out: each with a library, some with its router."""

from __future__ import annotations

from tests.live.frameworks.bundlers import REACT, SHELL, tooled
from tests.live.frameworks.parts import CSS, DOT, App


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
    App("preact-vite", PREACT, framework="vite", about=False),
    App("svelte-vite", SVELTE, framework="vite", about=False),
    App("solid-vite", SOLID, framework="vite"),
    App("tanstack-vite", TANSTACK, framework="vite"),
)
