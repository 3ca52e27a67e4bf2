"""Projects of `apps` for Node's bundlers, laid out as their starters lay them out."""

from __future__ import annotations

import json

from tests.live.frameworks.parts import CSS, DOT, REACT, App

PLAIN_CSS = "h1 { color: rgb(1, 2, 3) }\n"
MAIN = """
import "./style.css";
import dot from "./dot.svg";

const heading = document.createElement("h1");
heading.textContent = "Shop";
const image = document.createElement("img");
image.src = dot;
document.getElementById("root").append(heading, image);
import("./later.js").then(({ word }) => document.body.append(word));
document.title = "ready";
"""
LATER = 'export const word = "loaded later";\n'
SHELL = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>loading</title></head>'
SOURCES = {"src/index.js": MAIN, "src/later.js": LATER, "src/style.css": PLAIN_CSS, "src/dot.svg": DOT}


def tooled(scripts: dict[str, str], more: dict[str, object] | None = None, **tools: str) -> str:
    """A package.json whose tools are for development only, as starters write it."""
    made = {"name": "shop", "version": "1.0.0", "private": True, "scripts": scripts, **(more or {})}
    return json.dumps({**made, "devDependencies": tools}, indent=1)


PARCEL = {
    "package.json": tooled(
        {"start": "parcel", "build": "parcel build"}, {"source": "src/index.html"}, parcel="^2"
    ),
    "src/index.html": SHELL.replace("</head>", '<link rel="stylesheet" href="style.css"><link rel="icon" href="dot.svg">'
    '<script type="module" src="app.js"></script></head>') + '<body><h1>Shop</h1><img src="dot.svg" alt="">'
    '<a href="about.html">About</a></body></html>',
    "src/about.html": f"{SHELL}<body><h1>About</h1></body></html>",
    "src/app.js": """
const image = document.createElement("img");
image.src = new URL("other.svg", import.meta.url);
document.body.append(image);
import("./later.js").then(({ word }) => document.body.append(word));
document.title = "ready";
""",
    "src/other.svg": DOT.replace('"1"', '"2"'),
    "src/later.js": LATER, "src/style.css": CSS.replace("/dot", "dot"), "src/dot.svg": DOT,
}  # fmt: skip
WEBPACK = {
    "package.json": tooled(
        {"build": "webpack"},
        **{
            "webpack": "^5",
            "webpack-cli": "^6",
            "html-webpack-plugin": "^5",
            "css-loader": "^7",
            "style-loader": "^4",
        },
    ),
    "webpack.config.js": """
const path = require("path");
const HtmlWebpackPlugin = require("html-webpack-plugin");
module.exports = {
  mode: "production",
  entry: "./src/index.js",
  output: { filename: "[name].[contenthash].js", path: path.resolve(__dirname, "dist"), clean: true },
  plugins: [new HtmlWebpackPlugin({ template: "src/index.html" })],
  module: { rules: [
    { test: /\\.css$/i, use: ["style-loader", "css-loader"] },
    { test: /\\.svg$/i, type: "asset/resource" },
  ] },
};
""",
    "src/index.html": f'{SHELL}<body><div id="root"></div></body></html>',
    **SOURCES,
}
ROLLUP = {
    "package.json": tooled({"build": "rollup -c", "watch": "rollup -c -w"}, **{
        "rollup": "^4", "@rollup/plugin-node-resolve": "^16"}),
    "rollup.config.mjs": """
import resolve from "@rollup/plugin-node-resolve";
export default { input: "src/main.js", output: { dir: "public/build", format: "es", sourcemap: true }, plugins: [resolve()] };
""",
    "src/main.js": MAIN.replace('import "./style.css";\nimport dot from "./dot.svg";', 'const dot = "/dot.svg";'),
    "src/later.js": LATER,
    "public/index.html": SHELL.replace("</head>", '<link rel="stylesheet" href="/style.css"></head>')
    + '<body><div id="root"></div><script type="module" src="/build/main.js"></script></body></html>',
    "public/style.css": CSS, "public/dot.svg": DOT,
}  # fmt: skip
ESBUILD = {
    "package.json": tooled({
        "start": "esbuild src/index.jsx --bundle --outdir=www --servedir=www --watch",
        "build": "esbuild src/index.jsx --bundle --minify --outdir=www --loader:.svg=file"}, **{
        "esbuild": "^0.25", "react": "^19", "react-dom": "^19"}),
    "src/index.jsx": """
import * as React from "react";
import { createRoot } from "react-dom/client";
import dot from "./dot.svg";
import "./style.css";
document.title = "ready";
createRoot(document.getElementById("root")).render(<><h1>Shop</h1><img src={dot} alt="" /></>);
""",
    "src/style.css": PLAIN_CSS, "src/dot.svg": DOT,
    "www/index.html": SHELL.replace("</head>", '<link rel="stylesheet" href="index.css"></head>')
    + '<body><div id="root"></div><script src="index.js"></script></body></html>',
}  # fmt: skip
RS_MAIN = """
import React from "react";
import { createRoot } from "react-dom/client";
import dot from "./dot.svg";
import "./style.css";
const Later = React.lazy(() => import("./Later"));
const App = () => <><h1>Shop</h1><img src={dot} alt="" /><React.Suspense><Later /></React.Suspense></>;
document.title = "ready";
createRoot(document.getElementById("root")).render(<React.StrictMode><App /></React.StrictMode>);
"""
RS_SOURCES = {
    "src/index.jsx": RS_MAIN,
    "src/Later.jsx": "export default () => <p>loaded later</p>;\n",
    "src/style.css": PLAIN_CSS,
    "src/dot.svg": DOT,
}
RSBUILD = {
    "package.json": tooled(
        {"build": "rsbuild build", "dev": "rsbuild dev --open", "preview": "rsbuild preview"},
        {"type": "module", "dependencies": REACT}, **{"@rsbuild/core": "^1", "@rsbuild/plugin-react": "^1"}),
    "rsbuild.config.mjs": """
import { defineConfig } from "@rsbuild/core";
import { pluginReact } from "@rsbuild/plugin-react";
export default defineConfig({ plugins: [pluginReact()], output: { dataUriLimit: 0 } });
""",
    "public/favicon.svg": DOT,
    **RS_SOURCES,
}  # fmt: skip
RSPACK = {
    "package.json": tooled(
        {"build": "cross-env NODE_ENV=production rspack build", "dev": "rspack serve", "preview": "rspack preview"},
        {"dependencies": REACT}, **{"@rspack/cli": "^1", "@rspack/core": "^1", "cross-env": "^7"}),
    "rspack.config.mjs": """
import { defineConfig } from "@rspack/cli";
import { rspack } from "@rspack/core";
export default defineConfig({
  entry: { main: "./src/index.jsx" },
  resolve: { extensions: ["...", ".jsx"] },
  experiments: { css: true },
  module: { rules: [
    { test: /\\.svg$/, type: "asset/resource" },
    { test: /\\.jsx$/, use: [{ loader: "builtin:swc-loader", options: { jsc: {
      parser: { syntax: "ecmascript", jsx: true }, transform: { react: { runtime: "automatic" } } } } }] },
  ] },
  plugins: [new rspack.HtmlRspackPlugin({ template: "./index.html" })],
});
""",
    "index.html": f'{SHELL}<body><div id="root"></div></body></html>',
    **RS_SOURCES,
}  # fmt: skip

LATER_SHOWN = "loaded later"
BUNDLED = (
    App("parcel", PARCEL, shows=LATER_SHOWN),
    App("webpack", WEBPACK, about=False, shows=LATER_SHOWN),
    App("rollup", ROLLUP, about=False, shows=LATER_SHOWN),
    App("esbuild", ESBUILD, about=False),
    App("rsbuild", RSBUILD, about=False, shows=LATER_SHOWN),
    App("rspack", RSPACK, about=False, shows=LATER_SHOWN),
)
