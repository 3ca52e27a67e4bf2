// Two revisions compared: the files on the left, the two sides of one of them on the right.
import { h, icon } from "../../dom.js";
import { bytes, when } from "../../format.js";
import { empty, failed, loading } from "../../ui.js";
import { changes } from "./changes.js";
import { restore } from "./restore.js";
import { mode } from "./words.js";

export function compare(context, past, main) {
  const { query } = context.route;
  const [from, to, file, was] = ["from", "to", "file", "was"].map((one) => query.get(one) ?? "");
  const files = h("div", { class: "panel compare-files" }, loading("Comparing…"));
  const place = h("div", { class: "panel compare-sides" }, file ? loading("Reading both sides…") : "");
  const title = h("h2", { tabindex: "-1" }, `Revision ${from} and ${to === "newest" ? "now" : to}`);
  const back = file && !from ? null : h("a", { class: "button", href: past.link() }, icon("back"), "Timeline");
  const swap = h("a", { class: "button", href: past.link({ from: to, to: from, file }) }, icon("restart"), "Swap sides");
  main.append(h("div", { class: "row spread compare-head" }, h("div", { class: "row" }, back, title), swap), h("div", { class: "compare" }, files, place));
  const words = (more) => new URLSearchParams(Object.entries({ from, to, ...more }).filter(([, value]) => value)).toString();

  async function list() {
    try {
      const found = await context.api.get(past.url(`/diff?${words({})}`));
      title.textContent = `Revision ${found.before.seq} (${when(found.before.time)}) and ${found.after.seq} (${when(found.after.time)})`;
      files.replaceChildren(changes(context, past, found, { current: file, bring: false }));
      if (!file) place.replaceChildren(found.files.length ? empty("Choose a file", "Both of its sides are shown here.") : empty("Nothing differs", "Every file is the same in both revisions."));
    } catch (error) {
      files.replaceChildren(failed(error, list));
      if (!file) place.replaceChildren();
    }
  }

  async function show(whole = false) {
    try {
      const found = await context.api.get(past.url(`/compare?${words({ path: file, was, whole: whole ? "true" : "" })}`));
      place.replaceChildren(...both(found, whole));
      if (!whole && !matchMedia("(min-width: 60rem)").matches) place.scrollIntoView({ block: "start" });
    } catch (error) {
      place.replaceChildren(failed(error, () => show(whole)));
    }
  }

  function both(found, whole) {
    const { before, after } = found;
    const bring = (side, text) => side && !past.data && h("button", { type: "button", class: "small", data: { needs: "operate" }, on: { click: () => restore(context, past, side.seq, { path: side.path }) } }, icon("restart"), text);
    const head = h("header", { class: "stack tight" },
      h("div", { class: "row spread" }, h("h3", {}, h("code", {}, found.path)), h("div", { class: "row" },
        h("a", { class: "button small", href: past.link({ file: found.path }) }, icon("history"), "Its history"),
        bring(before, `Restore as of ${before?.seq}`), bring(after, `Restore as of ${after?.seq}`),
        found.rows?.some((row) => row.fold) ? h("button", { type: "button", class: "small", on: { click: () => show(true) } }, "Show all lines") : null)),
      h("p", { class: "soft small" }, said(before, "not there before"), " → ", said(after, "not there after")));
    if (found.rows === null) return [head, empty("Not shown side by side", `It is no text, or is larger than 1 MB: ${before ? bytes(before.size) : "not there"} before, ${after ? bytes(after.size) : "not there"} after.`)];
    if (found.rows.every((row) => row.same || row.fold) && !whole) return [head, empty("The bytes are the same", before && after && before.mode !== after.mode ? `Only its permissions changed: ${mode(before.mode)} → ${mode(after.mode)}.` : "")];
    const table = h("table", { class: "sides" }, h("caption", { class: "unseen" }, `${found.path}, before on the left, after on the right`),
      h("colgroup", {}, h("col", { class: "no" }), h("col"), h("col", { class: "no" }), h("col")),
      h("thead", { class: "unseen" }, h("tr", {}, ["Line before", "Before", "Line after", "After"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, found.rows.map((row) => (row.fold ? folded(row.fold, () => show(true)) : line(row)))));
    return [head, h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": `Both sides of ${found.path}` }, table), found.cut ? h("p", { class: "soft small" }, "There are more lines than are shown here; download both revisions to see them all.") : ""];
  }

  list();
  if (file) show();
}

const said = (side, none) => (side ? `revision ${side.seq}, ${bytes(side.size)}, ${mode(side.mode)}` : none);

const folded = (lines, open) => h("tr", { class: "fold" }, h("td", { colspan: "4" }, h("button", { type: "button", class: "quiet small", on: { click: open } }, `… ${lines.toLocaleString()} equal lines`)));

function line({ old, new: now, same }) {
  const [left, right] = same ? [[old[1]], [now[1]]] : marked(old?.[1], now?.[1]);
  const cell = (side, parts, tag, sign) => [
    h("td", { class: `no num${same || !side ? "" : ` ${tag}`}`, "aria-hidden": "true" }, side ? `${side[0]}` : ""),
    h("td", { class: `side ${side ? (same ? "" : tag) : "none"}` }, side && !same ? h("span", { class: "pm" }, sign) : h("span", { class: "pm" }, " "), side ? h(same ? "span" : tag, {}, parts) : ""),
  ];
  return h("tr", { class: same ? "same" : "" }, cell(old, left, "del", "−"), cell(now, right, "ins", "+"));
}

// The part in the middle that differs, where both lines are there.
function marked(old, now) {
  if (old === undefined || now === undefined) return [[old ?? ""], [now ?? ""]];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  if (head + tail < shorter / 4) return [[old], [now]];
  return [old, now].map((text) => [text.slice(0, head), h("mark", {}, text.slice(head, text.length - tail)), text.slice(text.length - tail)]);
}
