// What leads from one revision to another, file by file.
import { h, icon } from "../../dom.js";
import { bytes, count } from "../../format.js";
import { restore } from "./restore.js";
import { WHAT } from "./words.js";

const SHOWN = 300;

export function sums(found) {
  const parts = Object.entries(found.counts).filter(([, n]) => n).map(([what, n]) => `${n.toLocaleString()} ${WHAT[what]?.[0].toLowerCase() ?? what}`);
  const lines = found.lines_added || found.lines_removed ? ` · +${found.lines_added.toLocaleString()} −${found.lines_removed.toLocaleString()} lines` : "";
  return parts.length ? parts.join(", ") + lines : "Nothing differs.";
}

// A list; each file leads to its two sides, and can be brought back alone.
export function changes(context, past, found, { current = "", after = () => {}, bring = true } = {}) {
  const { seq: from } = found.before;
  const { seq: to } = found.after;
  const one = (file) => {
    const [what, sign] = WHAT[file.what] ?? [file.what, "?"];
    const lines = file.lines_added === null ? null : h("span", { class: "num small lines" }, h("ins", {}, `+${file.lines_added}`), " ", h("del", {}, `−${file.lines_removed}`));
    const size = lines ?? h("span", { class: "soft small num" }, sized(file));
    const back = file.what === "removed" ? from : to;
    return h("li", { data: { what: file.what } },
      h("span", { class: "sign", title: what, "aria-label": what, role: "img" }, sign),
      h("a", { class: "grow", href: past.link({ from, to, file: file.path, was: file.from }), "aria-current": file.path === current ? "true" : null }, h("code", {}, file.path), file.from ? h("span", { class: "soft small" }, ` was ${file.from}`) : null),
      size,
      bring && !past.data ? h("button", { type: "button", class: "quiet small", data: { needs: "operate" }, title: `Bring back ${file.path} as of revision ${back}`, "aria-label": `Restore ${file.path} as of revision ${back}`, on: { click: () => restore(context, past, back, { path: file.path, after }) } }, icon("restart")) : null,
      h("a", { class: "button quiet small", href: past.link({ file: file.path }), title: "History of this file", "aria-label": `History of ${file.path}` }, icon("history")));
  };
  const packages = found.packages.slice(0, 50).map((one) => h("li", {}, h("code", {}, one.name), ` ${one.before ?? "new"} → ${one.after ?? "gone"}`));
  return h("div", { class: "stack tight" },
    h("p", { class: "soft small" }, sums(found)),
    h("ul", { class: "paths" }, found.files.slice(0, SHOWN).map(one)),
    found.files.length > SHOWN || found.cut ? h("p", { class: "soft small" }, `and more: ${count(found.files.length, "path")} in all. \`slipway diff ${past.name} ${from} ${to}${past.data ? " --data" : ""}\` lists them.`) : null,
    packages.length ? h("details", {}, h("summary", {}, count(found.packages.length, "package changed", "packages changed")), h("ul", { class: "plain small" }, packages)) : null);
}

const sized = (file) => (file.size_before === null ? bytes(file.size) : file.size === null ? `was ${bytes(file.size_before)}` : file.size === file.size_before ? bytes(file.size) : `${bytes(file.size_before)} → ${bytes(file.size)}`);
