// The overview: a card for every workspace, kept equal to the live stream; searched, narrowed, sorted.
import { ws } from "../api.js";
import { attr, h, hide, icon, keyed, lines, put } from "../dom.js";
import { ORDER } from "../phases.js";
import { empty, loading } from "../ui.js";
import { make, show, showKept, showSnapshot } from "./card.js";
import { fits, read, SORTS, written } from "./choosing.js";
import { watching } from "./watching.js";

let scrolled = 0;

export function mount(main, context) {
  const { live, api, route, note, toast } = context;
  const cards = new Map();
  const dirty = new Set();
  const choice = read(route.query);
  let frame = 0;
  let whole = true;

  const search = h("input", {
    type: "search", id: "search", placeholder: "Search", "aria-label": "Search workspaces", "aria-keyshortcuts": "/",
    autocomplete: "off", spellcheck: "false", value: choice.words, data: { search: "" },
  });
  const phases = h("div", { class: "chips", id: "phases", role: "group", "aria-label": "Show only one phase" });
  const types = h("select", { "aria-label": "Show only one type" });
  const sort = h("select", { "aria-label": "Sort by" }, Object.entries(SORTS).map(([key, [text]]) => h("option", { value: key }, `Sort: ${text}`)));
  sort.value = choice.sort;
  const list = h("ul", { class: "cards", id: "workspaces", "aria-label": "Workspaces" });
  const states = h("div", {});
  const unnamed = h("section", { class: "unnamed", hidden: true }, h("h2", {}, "Folders that cannot be a workspace"), h("ul", {}));
  main.append(
    h("h1", { class: "unseen" }, "Workspaces"),
    h("div", { class: "tools" }, h("label", { class: "search" }, icon("search"), search), types, sort,
      h("a", { class: "button main", href: "#/new", data: { needs: "operate" } }, icon("plus"), "New workspace")),
    phases, states, list, unnamed);

  const watch = watching(context, cards, () => (choice.sort === "cpu" || choice.sort === "memory") && soon(true));

  function soon(everything = false) {
    whole ||= everything;
    frame ||= requestAnimationFrame(flush);
  }

  // What came since the last frame, at once: of a thousand cards only those that changed are touched.
  function flush() {
    frame = 0;
    if (whole || choice.sort !== "name") arrange();
    else for (const name of dirty) update(name);
    whole = false;
    dirty.clear();
    summarise();
  }

  function arrange() {
    const [, compare] = SORTS[choice.sort];
    const sorted = [...live.workspaces.values()].sort((a, b) => compare(a, b, watch.usage));
    for (const name of [...cards.keys()]) if (!live.workspaces.has(name)) forget(name);
    keyed(list, sorted, (state) => state.name, born, refresh);
  }

  function born(state) {
    const card = make(state);
    cards.set(state.name, card);
    watch.add(card);
    return card;
  }

  function refresh(card, state) {
    if (card.state !== state) show(card, state);
    card.state = state;
    hide(card, !fits(state, choice));
  }

  function update(name) {
    const state = live.workspaces.get(name);
    if (!state) return forget(name);
    const card = cards.get(name);
    card ? refresh(card, state) : arrange();
  }

  function forget(name) {
    const card = cards.get(name);
    if (!card) return;
    watch.remove(card);
    card.remove();
    cards.delete(name);
  }

  function summarise() {
    const counts = new Map(ORDER.map((phase) => [phase, 0]));
    const kinds = new Map();
    let shown = 0;
    for (const state of live.workspaces.values()) {
      counts.set(state.phase, (counts.get(state.phase) ?? 0) + 1);
      kinds.set(state.type, (kinds.get(state.type) ?? 0) + 1);
      shown += fits(state, choice);
    }
    chips(counts);
    options(kinds);
    lines(unnamed.querySelector("ul"), live.unnamed.map(({ folder, reason }) => `${folder}: ${reason}`));
    hide(unnamed, live.unnamed.length === 0);
    stand(shown);
  }

  // One thing to say in the place of the cards: loading, nothing there, nothing that fits.
  function stand(shown) {
    const all = live.workspaces.size;
    const kind = !live.known ? "loading" : all === 0 ? "empty" : shown === 0 ? "no-match" : "";
    if (states.dataset.kind === kind) return;
    states.dataset.kind = kind;
    if (kind === "loading") states.replaceChildren(loading("Asking for the workspaces…"));
    else if (kind === "empty") states.replaceChildren(welcome());
    else if (kind === "no-match") states.replaceChildren(noMatch());
    else states.replaceChildren();
  }

  function noMatch() {
    const clear = () => {
      Object.assign(choice, { words: "", phase: "", type: "" });
      search.value = "";
      chosen();
    };
    return empty("No workspace matches", "", h("button", { type: "button", on: { click: clear } }, "Show all"));
  }

  function chips(counts) {
    if (live.known && choice.phase && !counts.get(choice.phase)) choice.phase = "";
    const wanted = [["", live.workspaces.size], ...[...counts].filter(([, number]) => number)];
    keyed(phases, live.workspaces.size ? wanted : [], ([phase]) => phase, ([phase]) => {
      const button = h("button", { type: "button", class: "chip", data: { phase } }, phase && icon(phase), h("span", {}), h("b", { class: "num" }));
      button.addEventListener("click", () => {
        choice.phase = phase;
        chosen();
      });
      return button;
    }, (button, [phase, number]) => {
      put(button.querySelector("span"), phase || "all");
      put(button.querySelector("b"), String(number));
      attr(button, "aria-pressed", String(choice.phase === phase));
    });
  }

  function options(kinds) {
    if (live.known && choice.type && !kinds.has(choice.type)) choice.type = "";
    const wanted = [["", "All types"], ...[...kinds].sort().map(([type, number]) => [type, `${type} (${number})`])];
    keyed(types, wanted, ([type]) => type, ([type]) => h("option", { value: type }), (option, [, text]) => put(option, text));
    if (types.value !== choice.type) types.value = choice.type;
  }

  function chosen() {
    note(written(choice));
    for (const card of cards.values()) hide(card, !fits(card.state, choice));
    summarise();
  }

  search.addEventListener("input", () => {
    choice.words = search.value.trim();
    chosen();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !search.value) search.blur();
    if (event.key === "Enter") visible()[0]?.querySelector(".name").focus();
  });
  types.addEventListener("change", () => {
    choice.type = types.value;
    chosen();
  });
  sort.addEventListener("change", () => {
    choice.sort = sort.value;
    note(written(choice));
    soon(true);
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) ask(button, button.closest(".card").dataset.name);
  });

  async function ask(button, name) {
    button.disabled = true;
    try {
      await api.post(ws(name, `/${button.dataset.do}`));
    } catch (error) {
      toast(error);
    } finally {
      button.disabled = false;
    }
  }

  const visible = () => [...list.children].filter((card) => !card.hidden);

  function step(event) {
    const way = { j: 1, k: -1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (document.querySelector("dialog[open]")) return;
    const all = visible();
    const at = all.indexOf(document.activeElement?.closest(".card"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + way))];
    next?.querySelector(".name").focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  const ages = setInterval(() => {
    for (const card of watch.seen) if (card.state) showKept(card, card.state);
  }, 20000);
  const leave = live.subscribe((event) => {
    if (event.type === "workspace") dirty.add(event.workspace.name);
    else if (event.type === "removed") dirty.add(event.name);
    else if (event.type === "state") whole = true;
    else if (event.type !== "unnamed" && event.type !== "connection") return;
    soon();
  });
  document.addEventListener("keydown", step);
  flush();
  if (cards.size) scrollTo(0, scrolled);
  return () => {
    scrolled = scrollY;
    leave();
    watch.end();
    clearInterval(ages);
    cancelAnimationFrame(frame);
    document.removeEventListener("keydown", step);
  };
}

const welcome = () => {
  const note = empty("No workspace yet", "Copy a project folder into the workspaces folder: it appears here within a second or two.",
    h("a", { class: "button main", href: "#/new", data: { needs: "operate" } }, icon("plus"), "New workspace"));
  note.id = "empty";
  return note;
};
