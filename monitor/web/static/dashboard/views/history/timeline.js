// The timeline: one mark per revision, the newest first, in pages; branches beside it, days as headings.
import { h, icon } from "../../dom.js";
import { bytes, count } from "../../format.js";
import { draw, lanes } from "./lanes.js";
import { named } from "./stream.js";
import { kind } from "./words.js";

const PAGE = 200;
const clock = (moment) => new Date(moment).toLocaleTimeString([], { timeStyle: "medium" });
const day = (moment) => new Date(moment).toLocaleDateString([], { weekday: "long", year: "numeric", month: "long", day: "numeric" });

// `pick(mark)` for the one that is opened, `mark(pair)` for those checked to be compared.
export function timeline(context, past, { pick, paired, loaded }) {
  const list = h("div", { class: "timeline" });
  const more = h("button", { type: "button", class: "older", hidden: true, on: { click: () => older() } }, "Older");
  const element = h("div", { class: "timeline-box" }, list, more);
  const rows = new Map();
  let items = [];
  let next = null;
  let zoom = "all";
  let top = null;
  let chosen = null;
  let pair = [];
  let loading = null;
  let forks = [];
  const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && older(), { rootMargin: "600px" });
  watch.observe(more);

  const ask = (before) => context.api.get(past.url(`/timeline?zoom=${zoom}&limit=${PAGE}${before ? `&before=${before}` : ""}`));

  // The newest page again (or that below `from`), the older ones as they are.
  async function load({ fresh = false, from = top } = {}) {
    top = from;
    const page = await ask(top);
    const last = page.items.at(-1)?.seq ?? 0;
    items = fresh ? page.items : [...page.items, ...items.filter((mark) => mark.seq < last)];
    next = fresh || items.length === page.items.length ? page.next : next;
    render();
    loaded(page, items);
  }

  async function older() {
    if (!next || loading) return;
    loading = ask(next);
    try {
      const page = await loading;
      items = [...items, ...page.items];
      next = page.next;
      render();
    } catch (error) {
      context.toast(error);
    } finally {
      loading = null;
    }
  }

  function render() {
    const held = document.activeElement?.closest?.(".mark-row")?.dataset.seq;
    const placed = lanes(items);
    const width = Math.max(1, ...placed.map((one) => Math.max(one.lane, ...one.through, ...one.joins) + 1));
    const days = new Map();
    items.forEach((mark, place) => {
      const key = day(mark.time);
      const begins = days.size === 0 || [...days.keys()].at(-1) !== key;
      const group = begins ? `${key}` : [...days.keys()].at(-1);
      if (!days.has(group)) days.set(group, []);
      days.get(group).push(row(mark, placed[place], width));
    });
    list.replaceChildren(...[...days].map(([title, inside]) => h("section", { class: "day" }, h("h3", {}, title), h("ol", {}, inside))));
    more.hidden = !next;
    show();
    // Elements that are put in again lose the focus.
    if (held) rows.get(Number(held))?.open.focus({ preventScroll: true });
  }

  // Workspaces that begin with a revision of this one: `[{ workspace, seq }]`.
  function branches(found) {
    forks = found;
    if (items.length) render();
  }

  function row(mark, place, width) {
    const [text, sign] = kind(mark);
    const names = mark.snapshots.map((one) => h("span", { class: "pill named", data: { tone: one.expired ? "off" : "info" } }, icon("tag"), one.name, one.expired ? " (expired)" : ""));
    const out = forks.filter((one) => one.seq === mark.seq).map((one) => h("span", { class: "pill" }, icon("branch"), `fork: ${named(one.workspace).name}`));
    const busy = mark.grade === "settled" ? null : h("span", { class: "pill", data: { tone: "busy" } }, icon("warn"), "busy");
    const covers = mark.covers > 1 ? h("span", { class: "soft small" }, ` · ${mark.covers} saves`) : null;
    const open = h("button", { type: "button", class: "mark-open", on: { click: () => pick(mark) }, data: { seq: mark.seq } },
      h("time", { class: "num", datetime: mark.time }, clock(mark.time)),
      h("span", { class: "says" }, icon(sign), h("span", {}, text), covers, names, out, busy),
      h("span", { class: "soft small num size" }, `#${mark.seq} · ${count(mark.files, "file")} · ${bytes(mark.bytes)}`));
    const box = h("input", { type: "checkbox", "aria-label": `Compare revision ${mark.seq}`, on: { change: () => check(mark.seq, box.checked) } });
    const item = h("li", { class: "mark-row", data: { seq: mark.seq } }, draw(place, width, mark.snapshots.length > 0), open, h("label", { class: "pair", title: "Compare" }, box));
    rows.set(mark.seq, { item, open, box });
    return item;
  }

  function check(seq, on) {
    pair = on ? [...pair, seq].slice(-2) : pair.filter((one) => one !== seq);
    show();
    paired(pair);
  }

  function show() {
    for (const [seq, { item, open, box }] of rows) {
      box.checked = pair.includes(seq);
      item.classList.toggle("chosen", seq === chosen);
      seq === chosen ? open.setAttribute("aria-current", "true") : open.removeAttribute("aria-current");
    }
  }

  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    const from = event.target.closest(".mark-open");
    if (!step || !from) return;
    event.preventDefault();
    const all = [...list.querySelectorAll(".mark-open")];
    all[all.indexOf(from) + step]?.focus();
  });

  return {
    element, load, older, branches,
    items: () => items,
    zoom(value) {
      zoom = value;
      return load({ fresh: true });
    },
    choose(seq) {
      chosen = seq;
      show();
    },
    unpair() {
      pair = [];
      show();
      paired(pair);
    },
    focus: (seq) => rows.get(seq)?.open.focus(),
    end: () => watch.disconnect(),
  };
}
