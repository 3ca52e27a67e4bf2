"""Projects of `apps` for Node's builders of blogs and manuals."""

from __future__ import annotations

import json

from tests.live.frameworks.bundlers import tooled
from tests.live.frameworks.parts import DOT, PAGE, REACT, STATIC, App, package

HEXO = {
    "package.json": json.dumps({
        "name": "hexo-site", "version": "0.0.0", "private": True,
        "scripts": {"build": "hexo generate", "clean": "hexo clean", "deploy": "hexo deploy", "server": "hexo server"},
        "hexo": {"version": ""},
        "dependencies": {"hexo": "^7", "hexo-generator-index": "^4", "hexo-renderer-ejs": "^2", "hexo-renderer-marked": "^6",
                         "hexo-renderer-stylus": "^3", "hexo-server": "^3"},
    }),
    "_config.yml": "title: Shop\nurl: http://example.com\npermalink: :year/:month/:day/:title/\ntheme: plain\n",
    "source/_posts/about.md": "---\ntitle: About\ndate: 2025-01-01 10:00:00\n---\nPears.\n",
    "themes/plain/layout/layout.ejs": '<!doctype html><html lang="<%= config.language %>"><head><title>loading</title>'
    "<%- css('css/style') %></head><body><%- body %><%- js('js/script') %></body></html>\n",
    "themes/plain/layout/index.ejs": "<h1><%= config.title %></h1><% page.posts.each(function (post) { %>"
    '<a href="<%- url_for(post.path) %>"><%= post.title %></a><% }) %>\n',
    "themes/plain/layout/post.ejs": "<h1><%= page.title %></h1><%- page.content %>\n",
    "themes/plain/source/css/style.styl": "h1\n  color rgb(1, 2, 3)\n",
    "themes/plain/source/js/script.js": 'document.title = "ready";\n',
}  # fmt: skip
VUEPRESS = {
    "package.json": tooled(
        {"docs:build": "vuepress build docs", "docs:dev": "vuepress dev docs"}, {"type": "module"},
        **{"vuepress": "2.0.0-rc.24", "@vuepress/bundler-vite": "2.0.0-rc.24", "@vuepress/theme-default": "2.0.0-rc.112",
           "vue": "^3.5", "sass-embedded": "^1"}),
    "docs/.vuepress/config.js": """
import { viteBundler } from "@vuepress/bundler-vite";
import { defaultTheme } from "@vuepress/theme-default";
import { defineUserConfig } from "vuepress";
export default defineUserConfig({ lang: "en-US", title: "Shop", bundler: viteBundler(),
  theme: defaultTheme({ logo: "/dot.svg", navbar: ["/", "/about"] }) });
""",
    "docs/.vuepress/public/dot.svg": DOT,
    "docs/README.md": "# Shop\n\n[About](/about.md)\n\n![](/dot.svg)\n",
    "docs/about.md": "# About\n",
}  # fmt: skip
RSPRESS = {
    "package.json": tooled(
        {"build": "rspress build", "dev": "rspress dev", "preview": "rspress preview"}, {"type": "module"},
        rspress="^1"),
    "rspress.config.ts": """
import * as path from "node:path";
import { defineConfig } from "rspress/config";
export default defineConfig({ root: path.join(__dirname, "docs"), title: "My Site", icon: "/dot.svg" });
""",
    "docs/public/dot.svg": DOT,
    "docs/index.md": "# Shop\n\n[About](/about)\n\n![](/dot.svg)\n",
    "docs/about.md": "# About\n",
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
PAGES = (
    App("hexo", HEXO),
    App("vuepress", VUEPRESS, styled=False),
    App("rspress", RSPRESS, styled=False),
    App("docusaurus", DOCUSAURUS, styled=False),
    App("vitepress", VITEPRESS, styled=False),
    App("eleventy", ELEVENTY),
)  # fmt: skip
