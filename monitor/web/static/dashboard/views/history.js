// A workspace's history, or with `?data=true` that of its data volume: the timeline with one revision opened beside it, two
// compared, or one file through all of them.
import { h, icon } from "../dom.js";
import { count } from "../format.js";
import { busy, empty, failed, loading } from "../ui.js";
import { compare } from "./history/compare.js";
import { detail } from "./history/detail.js";
import { create } from "./history/snapshots.js";
import { stream } from "./history/stream.js";
import { timeline } from "./history/timeline.js";
import { versions } from "./history/versions.js";

const ZOOMS = [["all", "Every save"], ["hour", "Hours"], ["day", "Days"], ["landmarks", "Landmarks"]];
const SETTLE_MS = 400;

export function mount(main, context) {
  const { name, query } = context.route;
  main.classList.add("history");
  const past = stream(name, query.get("data") === "true");
  if (query.get("from")) compare(context, past, main);
  else if (query.get("file")) versions(context, past, main);
  else return times(main, context, past);
  return () => main.classList.remove("history");
}

function times(main, context, past) {
  const { query } = context.route;
  let opened = Number(query.get("at")) || null;
  let timer;
  let forks = [];
  const sum = h("p", { class: "soft", role: "status" });
  const body = h("div", { class: "past" }, loading("Reading the history…"));
  const side = h("div", { class: "past-side" });
  const pairing = h("div", { class: "pairing panel row spread", hidden: true });
  const line = timeline(context, past, { pick, paired, loaded });
  const zooms = ZOOMS.map(([value, text]) => h("button", { type: "button", class: "small", "aria-pressed": String(value === "all"), on: { click: (event) => zoom(value, event.currentTarget) } }, text));
  const moment = h("input", { "aria-label": "Go to a moment", placeholder: "2 hours ago, v1, 12 …", autocomplete: "off", spellcheck: "false" });
  const goto = h("form", { class: "row goto", on: { submit: (event) => (event.preventDefault(), busy(goto.lastChild, to)) } }, moment, h("button", { type: "submit", class: "small" }, "Go"));
  const whose = h("nav", { class: "row segmented", "aria-label": "Whose history", hidden: true }, [false, true].map((data) =>
    h("a", { class: "button small", href: stream(past.name, data).link(), "aria-current": data === past.data ? "page" : null }, data ? "Data" : "Source")));
  main.append(
    h("div", { class: "row spread past-head" }, h("div", { class: "row" }, whose, h("div", { class: "row segmented", role: "group", "aria-label": "How near" }, zooms), goto),
      h("div", { class: "row" }, h("button", { type: "button", class: "main", data: { needs: "operate" }, on: { click: () => create(context, past, { after: anew }) } }, icon("tag"), "Snapshot now"))),
    sum, body, pairing);

  function loaded(page, items) {
    whose.hidden = !page.data;
    const marks = page.total === page.revisions ? "" : `, ${count(page.total, "mark")} shown`;
    sum.replaceChildren(...(page.revisions ? [`${count(page.revisions, "revision")}${marks}. Choose one to see what changed`, h("span", { data: { needs: "operate" } }, " and to restore it"), "; check two to compare them."] : []));
    if (page.revisions === 0) return body.replaceChildren(empty("Nothing is kept yet", "The first revision comes with the first save, within a second or two."));
    if (!line.element.isConnected) body.replaceChildren(line.element, side);
    const mark = items.find((one) => one.seq === opened);
    if (mark) open(mark);
    else if (!opened && items[0] && matchMedia("(min-width: 60rem)").matches) open(items[0]);
  }

  function open(mark) {
    line.choose(mark.seq);
    side.replaceChildren(detail(context, past, mark, { changed: anew, close: shut, forks: forks.filter((one) => one.seq === mark.seq) }));
  }

  function pick(mark) {
    opened = mark.seq;
    context.note(past.link({ at: mark.seq }));
    open(mark);
    side.querySelector("h2").focus({ preventScroll: true });
    if (!matchMedia("(min-width: 60rem)").matches) side.scrollIntoView({ block: "start" });
  }

  function shut() {
    const seq = opened;
    opened = null;
    side.replaceChildren();
    line.choose(null);
    context.note(past.link());
    line.focus(seq);
  }

  function paired(pair) {
    pairing.hidden = pair.length === 0;
    const [from, to] = [...pair].sort((a, b) => a - b);
    pairing.replaceChildren(
      h("span", {}, pair.length === 2 ? `Revisions ${from} and ${to}` : `Revision ${from}: check another one to compare them`),
      h("span", { class: "row" }, h("button", { type: "button", class: "quiet", on: { click: () => line.unpair() } }, "Clear"),
        pair.length === 2 ? h("a", { class: "button main", href: past.link({ from, to }) }, "Compare") : h("a", { class: "button", href: past.link({ from, to: "newest" }) }, "Compare with now")));
  }

  async function zoom(value, pressed) {
    for (const one of zooms) one.setAttribute("aria-pressed", String(one === pressed));
    await line.zoom(value).catch(context.toast);
  }

  async function to() {
    const wish = moment.value.trim();
    if (!wish) return line.load({ fresh: true, from: null });
    const found = await context.api.get(past.url(`/revisions/${encodeURIComponent(wish)}`));
    opened = found.seq;
    await line.load({ fresh: true, from: found.seq + 1 });
    const near = line.items()[0];
    if (near && near.seq !== opened) pick(near);
  }

  const anew = () => line.load().catch(context.toast);

  async function first() {
    try {
      await line.load({ fresh: true });
      forks = (await context.api.get(past.url("/forks"))).items;
      line.branches(forks);
    } catch (error) {
      body.replaceChildren(failed(error, first));
    }
  }
  first();
  const leave = context.live.subscribe((event) => {
    if (event.type !== "workspace" || event.workspace.name !== past.name) return;
    const [now, before] = [event.workspace, event.before].map((state) => (past.data ? state?.data : state?.sync)?.revision);
    if (event.workspace.data?.revision) whose.hidden = false;
    if (!now || now === before) return;
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
