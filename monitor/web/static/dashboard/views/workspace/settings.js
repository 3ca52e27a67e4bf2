// Every setting in force and where it comes from: said in slipway.yaml, detected, or the default.
import { ws } from "../../api.js";
import { h, hide, icon, words } from "../../dom.js";
import { bytes } from "../../format.js";
import { path } from "../../router.js";
import { failed, loading, pill } from "../../ui.js";

const ORIGINS = { "slipway.yaml": ["info", "file"], detected: ["good", "search"], default: ["off", "gear"] };
const nothing = (value) => value === null || value === "" || (Array.isArray(value) && !value.length);

export function mount(main, { api, live, route }) {
  const { name } = route;
  const place = h("div", { class: "stack" }, loading("Reading its settings…"));
  main.append(place);
  let over = false;
  let timer = 0;
  let every = false;

  async function read() {
    timer = 0;
    try {
      const found = await api.get(ws(name, "/settings"));
      if (!over) place.replaceChildren(...shown(found));
    } catch (error) {
      if (!over) place.replaceChildren(failed(error, read));
    }
  }

  function shown({ items, problem }) {
    const rows = items.map((item) => {
      const row = line(item);
      row.unsaid = item.origin === "default" && nothing(item.value);
      hide(row, row.unsaid && !every);
      return row;
    });
    const box = h("input", { type: "checkbox", checked: every });
    box.addEventListener("change", () => {
      every = box.checked;
      for (const row of rows) hide(row, row.unsaid && !every);
    });
    return [
      problem ? h("div", { class: "notice", data: { tone: "bad" }, role: "alert" }, icon("warn"), h("p", {}, words(`${problem.message}. What runs keeps the last settings that were good. ${problem.hint}`))) : null,
      h("section", { class: "panel" },
        h("div", { class: "row spread" }, h("p", { class: "soft" }, "Anything can be said in ", h("a", { href: path(name, "files", { file: "slipway.yaml" }) }, "slipway.yaml"), ", which wins over what was detected."),
          h("label", { class: "row" }, box, "Show what is not set")),
        h("div", { class: "scroll-x", tabindex: "0", role: "group", "aria-label": "Settings" }, h("table", { class: "settings" },
          h("thead", {}, h("tr", {}, ["Setting", "Value", "From"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows)))),
    ].filter(Boolean);
  }

  const leave = live.subscribe((event) => {
    if (event.workspace?.name === name && event.before?.sync.revision !== event.workspace.sync.revision) timer ||= setTimeout(read, 500);
  });
  read();
  return () => {
    over = true;
    leave();
    clearTimeout(timer);
  };
}

function line({ key, value, origin, why }) {
  const [tone, sign] = ORIGINS[origin] ?? ORIGINS.default;
  const text = nothing(value) ? "–" : Array.isArray(value) ? value.join(", ") : key === "resources.memory" && Number.isFinite(value) ? bytes(value) : String(value);
  return h("tr", {}, h("th", { scope: "row" }, h("code", {}, key)), h("td", {}, h("code", {}, text)),
    h("td", {}, pill(origin, tone, sign), why ? h("span", { class: "soft small" }, ` ${why}`) : null));
}
