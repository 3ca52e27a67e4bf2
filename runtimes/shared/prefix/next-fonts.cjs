// Where Google Fonts cannot be reached `next build` fails for projects that use them: these get the system's fonts.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const ASKED = "https://fonts.googleapis.com/css2?family=Inter";
const USES = /(["'])next\/font\/google\1/g;
const SKIPPED = new Set(["node_modules", ".next", ".git", "public", "out"]);
const OURS = ".slipway/fonts";
const NAMES = /import\s*\{([^}]*)\}\s*from\s*["']next\/font\/google["']/g;
// No class, and the fallback as its family.
const FONT = `const font = (options) => ({
  className: "", variable: "", style: { fontFamily: (options?.fallback ?? ["system-ui", "sans-serif"]).join(", ") },
});
`;
const TYPES = 'export * from "next/font/google";\n';

// Point every source below `folder` that imports the fonts at a module of ours; the working copy alone is touched.
exports.withoutGoogle = async (folder) => {
  const files = [...sources(folder)].filter((file) => fs.readFileSync(file, "utf8").search(USES) >= 0);
  if (files.length === 0 || (await reachable())) return;
  fs.mkdirSync(path.join(folder, path.dirname(OURS)), { recursive: true });
  fs.writeFileSync(path.join(folder, `${OURS}.mjs`), FONT + names(files).map((name) => `export const ${name} = font;\n`).join(""));
  fs.writeFileSync(path.join(folder, `${OURS}.d.mts`), TYPES);
  for (const file of files) {
    const from = path.relative(path.dirname(file), path.join(folder, `${OURS}.mjs`));
    const text = fs.readFileSync(file, "utf8").replace(USES, JSON.stringify(from.startsWith(".") ? from : `./${from}`));
    fs.writeFileSync(file, text);
  }
  console.error("slipway: Google Fonts cannot be reached from here: the build uses the system's fonts");
};

function names(files) {
  const lists = files.flatMap((file) => [...fs.readFileSync(file, "utf8").matchAll(NAMES)].map((found) => found[1]));
  const all = lists.flatMap((list) => list.split(",").map((one) => one.trim().replace(/^type /, "").split(/\s/)[0]));
  return [...new Set(all)].filter((name) => /^\w+$/.test(name));
}

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name) && !entry.name.startsWith(".")) yield* sources(file);
    if (entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name)) yield file;
  }
}

async function reachable() {
  try {
    return (await fetch(ASKED, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}
