"""Projects of `apps` for single-page apps, as their frameworks' own command lines lay them out."""

from __future__ import annotations

import json

from tests.live.frameworks.bundlers import SHELL, tooled
from tests.live.frameworks.parts import DOT, App

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
VUE_CLI = {
    "package.json": tooled(
        {"serve": "vue-cli-service serve", "build": "vue-cli-service build"},
        {"dependencies": {"core-js": "^3", "vue": "^3", "vue-router": "^4"}, "browserslist": ["last 2 chrome versions"]},
        **{"@babel/core": "^7", "@vue/cli-plugin-babel": "~5.0.0", "@vue/cli-plugin-router": "~5.0.0",
           "@vue/cli-service": "~5.0.0"}),
    "vue.config.js": 'const { defineConfig } = require("@vue/cli-service");\n'
    "module.exports = defineConfig({ transpileDependencies: true });\n",
    "babel.config.js": 'module.exports = { presets: ["@vue/cli-plugin-babel/preset"] };\n',
    "public/index.html": SHELL.replace("</head>", '<link rel="icon" href="<%= BASE_URL %>dot.svg"></head>')
    + '<body><div id="app"></div></body></html>',
    "public/dot.svg": DOT,
    "src/main.js": """
import { createApp } from "vue";
import App from "./App.vue";
import router from "./router";
document.title = "ready";
createApp(App).use(router).mount("#app");
""",
    "src/App.vue": '<template><img src="./assets/logo.svg" alt=""><router-view/></template>\n'
    "<style>h1 { color: rgb(1, 2, 3) }</style>\n",
    "src/assets/logo.svg": DOT,
    "src/router/index.js": """
import { createRouter, createWebHistory } from "vue-router";
import HomeView from "../views/HomeView.vue";
const routes = [{ path: "/", name: "home", component: HomeView },
  { path: "/about", name: "about", component: () => import(/* webpackChunkName: "about" */ "../views/AboutView.vue") }];
export default createRouter({ history: createWebHistory(process.env.BASE_URL), routes });
""",
    "src/views/HomeView.vue": '<template><h1>Shop</h1><router-link to="/about">About</router-link></template>\n',
    "src/views/AboutView.vue": "<template><h1>About</h1></template>\n",
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
SPA = (
    App("create-react-app", CRA, about=False),
    App("vue-cli", VUE_CLI),
    App("angular", ANGULAR),
)  # fmt: skip
