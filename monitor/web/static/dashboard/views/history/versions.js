// Every version of one file, also under the names it had before.
import { h, icon } from "../../dom.js";
import { ago, bytes, when } from "../../format.js";
import { failed, loading } from "../../ui.js";
import { restore } from "./restore.js";
import { kind } from "./words.js";

export function versions(context, past, main) {
  const file = context.route.query.get("file");
  const place = h("div", { class: "panel" }, loading("Looking through every revision…"));
  main.append(h("div", { class: "row compare-head" }, h("a", { class: "button", href: past.link() }, icon("back"), "Timeline"), h("h2", { tabindex: "-1" }, "History of ", h("code", {}, file))), place);

  async function look() {
    try {
      const { items } = await context.api.get(past.url(`/history?path=${encodeURIComponent(file)}&follow=true`));
      place.replaceChildren(h("p", { class: "soft" }, `${items.length} versions, the newest first.`), h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Versions" }, table(items)));
    } catch (error) {
      place.replaceChildren(failed(error, look));
    }
  }

  const table = (items) => h("table", {},
    h("thead", {}, h("tr", {}, ["Revision", "When", "What", "Size", ""].map((text) => h("th", { scope: "col" }, text || h("span", { class: "unseen" }, "Actions"))))),
    h("tbody", {}, items.map((one, place) => row(one, items[place + 1]))));

  function row(one, before) {
    const [text, sign] = kind({ ...one, flags: [] });
    const gone = one.what === "gone";
    return h("tr", {},
      h("td", {}, `#${one.seq}`), h("td", { title: one.time }, when(one.time), h("span", { class: "soft small" }, ` · ${ago(one.time)}`)),
      h("td", {}, icon(gone ? "trash" : sign), " ", gone ? "It was gone" : before ? (before.path !== one.path ? `Renamed from ${before.path}` : text) : "It came", one.path !== file ? h("span", { class: "soft small" }, ` as ${one.path}`) : ""),
      h("td", { class: "num" }, gone ? "" : bytes(one.size)),
      h("td", {}, h("div", { class: "row" },
        before ? h("a", { class: "button small", href: past.link({ from: before.seq, to: one.seq, file: gone ? before.path : one.path, was: before.path !== one.path ? before.path : "" }) }, "What changed") : null,
        gone || past.data ? null : h("button", { type: "button", class: "small", data: { needs: "operate" }, "aria-label": `Restore ${one.path} as of revision ${one.seq}`, on: { click: () => restore(context, past, one.seq, { path: one.path, after: look }) } }, icon("restart"), "Restore"))));
  }
  look();
}
