// A workspace's history: the timeline with one revision opened beside it, two compared, or one file through all of them.
import { h, icon } from "../dom.js";
import { count } from "../format.js";
import { path } from "../router.js";
import { ws } from "../api.js";
import { busy, empty, failed, loading } from "../ui.js";
import { compare } from "./history/compare.js";
import { detail } from "./history/detail.js";
import { create } from "./history/snapshots.js";
import { timeline } from "./history/timeline.js";
import { versions } from "./history/versions.js";

const ZOOMS = [["all", "Every save"], ["hour", "Hours"], ["day", "Days"], ["landmarks", "Landmarks"]];
const SETTLE_MS = 400;

export function mount(main, context) {
  const { name, query } = context.route;
  main.classList.add("history");
  if (query.get("from")) compare(context, name, main);
  else if (query.get("file")) versions(context, name, main);
  else return times(main, context, name);
  return () => main.classList.remove("history");
}

function times(main, context, name) {
  const { query } = context.route;
  let opened = Number(query.get("at")) || null;
  let timer;
  let forks = [];
  const sum = h("p", { class: "soft", role: "status" });
  const body = h("div", { class: "past" }, loading("Reading the history…"));
  const side = h("div", { class: "past-side" });
  const pairing = h("div", { class: "pairing panel row spread", hidden: true });
  const line = timeline(context, name, { pick, paired, loaded });
  const zooms = ZOOMS.map(([value, text]) => h("button", { type: "button", class: "small", "aria-pressed": String(value === "all"), on: { click: (event) => zoom(value, event.currentTarget) } }, text));
  const moment = h("input", { "aria-label": "Go to a moment", placeholder: "2 hours ago, v1, 12 …", autocomplete: "off", spellcheck: "false" });
  const goto = h("form", { class: "row goto", on: { submit: (event) => (event.preventDefault(), busy(goto.lastChild, to)) } }, moment, h("button", { type: "submit", class: "small" }, "Go"));
  main.append(
    h("div", { class: "row spread past-head" }, h("div", { class: "row" }, h("div", { class: "row segmented", role: "group", "aria-label": "How near" }, zooms), goto),
      h("div", { class: "row" }, h("button", { type: "button", class: "main", on: { click: () => create(context, name, { after: anew }) } }, icon("tag"), "Snapshot now"))),
    sum, body, pairing);

  function loaded(page, items) {
    const marks = page.total === page.revisions ? "" : `, ${count(page.total, "mark")} shown`;
    sum.textContent = page.revisions ? `${count(page.revisions, "revision")}${marks}. Choose one to see what changed and to restore it; check two to compare them.` : "";
    if (page.revisions === 0) return body.replaceChildren(empty("Nothing is kept yet", "The first revision comes with the first save, within a second or two."));
    if (!line.element.isConnected) body.replaceChildren(line.element, side);
    const mark = items.find((one) => one.seq === opened);
    if (mark) open(mark);
    else if (!opened && items[0] && matchMedia("(min-width: 60rem)").matches) open(items[0]);
  }

  function open(mark) {
    line.choose(mark.seq);
    side.replaceChildren(detail(context, name, mark, { changed: anew, close: shut, forks: forks.filter((one) => one.seq === mark.seq) }));
  }

  function pick(mark) {
    opened = mark.seq;
    context.note(path(name, "history", { at: mark.seq }));
    open(mark);
    side.querySelector("h2").focus({ preventScroll: true });
    if (!matchMedia("(min-width: 60rem)").matches) side.scrollIntoView({ block: "start" });
  }

  function shut() {
    const seq = opened;
    opened = null;
    side.replaceChildren();
    line.choose(null);
    context.note(path(name, "history"));
    line.focus(seq);
  }

  function paired(pair) {
    pairing.hidden = pair.length === 0;
    const [from, to] = [...pair].sort((a, b) => a - b);
    pairing.replaceChildren(
      h("span", {}, pair.length === 2 ? `Revisions ${from} and ${to}` : `Revision ${from}: check another one to compare them`),
      h("span", { class: "row" }, h("button", { type: "button", class: "quiet", on: { click: () => line.unpair() } }, "Clear"),
        pair.length === 2 ? h("a", { class: "button main", href: path(name, "history", { from, to }) }, "Compare") : h("a", { class: "button", href: path(name, "history", { from, to: "newest" }) }, "Compare with now")));
  }

  async function zoom(value, pressed) {
    for (const one of zooms) one.setAttribute("aria-pressed", String(one === pressed));
    await line.zoom(value).catch(context.toast);
  }

  async function to() {
    const wish = moment.value.trim();
    if (!wish) return line.load({ fresh: true, from: null });
    const found = await context.api.get(ws(name, `/revisions/${encodeURIComponent(wish)}`));
    opened = found.seq;
    await line.load({ fresh: true, from: found.seq + 1 });
    const near = line.items()[0];
    if (near && near.seq !== opened) pick(near);
  }

  const anew = () => line.load().catch(context.toast);

  async function first() {
    try {
      await line.load({ fresh: true });
      forks = (await context.api.get(ws(name, "/forks"))).items;
      line.branches(forks);
    } catch (error) {
      body.replaceChildren(failed(error, first));
    }
  }
  first();
  const leave = context.live.subscribe((event) => {
    const revision = event.type === "workspace" && event.workspace.name === name && event.workspace.sync?.revision;
    if (!revision || revision === event.before?.sync?.revision) return;
    clearTimeout(timer);
    timer = setTimeout(anew, SETTLE_MS);
  });
  return () => {
    clearTimeout(timer);
    leave();
    line.end();
    main.classList.remove("history");
  };
}
