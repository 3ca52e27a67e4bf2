// What the parts of the system page share: something asked for, shown when it comes, asked for again every while.
import { h } from "../dom.js";
import { failed, loading } from "../ui.js";

// `ask(signal)` → data, `show(data)` → elements. `every` in ms, 0 for once. Returns { element, begin, end, again }.
export function asked(what, ask, show, every = 0) {
  const element = h("div", {}, loading(what));
  let ending = new AbortController();
  let timer = 0;
  const again = async () => {
    clearTimeout(timer);
    const mine = ending;
    try {
      const data = await ask(mine.signal);
      if (!mine.signal.aborted) element.replaceChildren(...[show(data)].flat());
    } catch (error) {
      if (error.name === "AbortError") return;
      element.replaceChildren(failed(error, again));
    }
    if (every && !mine.signal.aborted) timer = setTimeout(again, every);
  };
  return {
    element,
    again,
    begin: again,
    end() {
      ending.abort();
      ending = new AbortController();
      clearTimeout(timer);
    },
  };
}

// A table that may scroll sideways by itself; `heads` name the columns, `rows` are lists of cells.
export function table(caption, heads, rows) {
  const head = h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)));
  const body = rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))));
  return h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, head), h("tbody", {}, body)));
}

export const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
