// What happened to it since the monitor started, the newest first; asked anew whenever something happens.
import { ws } from "../../api.js";
import { h, icon, keyed } from "../../dom.js";
import { ago, sentence, when } from "../../format.js";
import { empty, failed, loading } from "../../ui.js";

const SIGNS = { phase: "info", change: "restart", kept: "disk", prefix: "link", job: "gear", notice: "warn" };
const TOGETHER_MS = 400;

export function mount(main, { api, live, route }) {
  const { name } = route;
  const list = h("ol", { class: "events", "aria-label": `What happened to ${name}` });
  const state = h("div", {}, loading("Asking what happened…"));
  main.append(state, list);
  let timer = 0;
  let over = false;

  async function read() {
    timer = 0;
    try {
      const { items } = await api.get(ws(name, "/events"));
      if (over) return;
      state.replaceChildren(...(items.length ? [] : [empty("Nothing happened yet", "Since the monitor started, that is.")]));
      keyed(list, items, (item) => `${item.at} ${item.kind} ${item.text}`, made, (row, { at }) => { row.querySelector("time").textContent = ago(at); });
    } catch (error) {
      if (!over) state.replaceChildren(failed(error, read));
    }
  }

  const soon = () => { timer ||= setTimeout(read, TOGETHER_MS); };
  const leave = live.subscribe((event) => {
    if (event.type === "state" || event.workspace?.name === name || event.job?.workspace === name) soon();
  });
  read();
  return () => {
    over = true;
    leave();
    clearTimeout(timer);
  };
}

function made({ at, kind, tone, text, detail }) {
  return h("li", { data: { tone } }, h("span", { class: "dot" }, icon(tone === "bad" ? "warn" : SIGNS[kind] ?? "info")),
    h("div", { class: "grow" }, h("p", {}, sentence(text)), detail ? h("p", { class: "soft small" }, detail) : null),
    h("time", { class: "soft small num", datetime: at, title: when(at) }));
}
