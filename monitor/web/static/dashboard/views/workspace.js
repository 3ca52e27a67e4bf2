// One workspace: its head, its tabs, and in the tab's section a view of its own.
import { h, icon } from "../dom.js";
import { go, path } from "../router.js";
import { empty, loading } from "../ui.js";
import * as history from "./history.js";
import * as events from "./workspace/events.js";
import * as files from "./workspace/files.js";
import { head } from "./workspace/head.js";
import * as log from "./workspace/log.js";
import * as run from "./workspace/run.js";
import * as running from "./workspace/running.js";
import * as settings from "./workspace/settings.js";

const TABS = {
  log: ["Log", log], events: ["Events", events], what: ["What runs", running], settings: ["Settings", settings],
  files: ["Files", files], history: ["History", history], run: ["Run", run, { needs: "admin" }],
};

export function mount(main, context) {
  const { live } = context;
  const { name } = context.route;
  const top = head(context, name);
  const tabs = h("nav", { class: "tabs", "aria-label": `Parts of ${name}` });
  const section = h("section", { class: "tab", "aria-label": "Part" });
  const state = h("div", {});
  main.append(state, top.element, tabs, section);
  let shown = null;
  let there = null;

  // The tab's own view, unless it can follow the new address itself.
  function moved(route) {
    const [title, view] = TABS[route.tab] ?? [];
    tabs.replaceChildren(...Object.entries(TABS).map(([tab, [text, , data = {}]]) =>
      h("a", { href: path(name, tab), data, "aria-current": tab === route.tab ? "page" : null }, text)));
    tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (shown?.tab === route.tab && shown.moved) return shown.moved(route);
    clear();
    if (!view) return void section.append(empty("There is no such part", "The tabs above lead to those there are."));
    section.setAttribute("aria-label", title);
    const made = view.mount(section, { ...context, route });
    shown = { tab: route.tab, unmount: typeof made === "function" ? made : made?.unmount, moved: made?.moved };
  }

  function clear() {
    shown?.unmount?.();
    shown = null;
    section.replaceChildren();
  }

  // A workspace that is gone still has its history; one nobody knows has nothing.
  function look() {
    const now = live.workspaces.get(name);
    if (now) top.show(now);
    const known = now ? "there" : live.known ? "gone" : "unknown";
    if (known === there) return;
    const before = there;
    there = known;
    top.element.hidden = known !== "there";
    state.replaceChildren(...(known === "there" ? [] : [known === "gone" ? gone() : loading(`Asking for ${name}…`)]));
    const alone = known === "gone" && context.route.tab !== "history";
    tabs.hidden = known !== "there";
    if (alone || known === "unknown") clear();
    else if (before !== null || known === "there") moved(current);
  }

  const gone = () => h("div", { class: "notice", data: { tone: "busy" } }, icon("info"), h("p", {},
    h("strong", {}, `There is no workspace '${name}' now. `), "What was kept of it stays: ",
    h("a", { href: path(name, "history") }, "look at its history"), ", or go to the ", h("a", { href: "#/" }, "overview"), "."));

  let current = context.route;
  look();
  if (there === "gone" && current.tab === "history") moved(current);
  const leave = live.subscribe((event) => {
    if (event.type === "state" || event.workspace?.name === name || (event.type === "removed" && event.name === name)) look();
  });
  const back = (event) => event.key === "u" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !event.ctrlKey && !event.metaKey && go("#/");
  document.addEventListener("keydown", back);
  return {
    moved(route) {
      current = route;
      if (there !== "unknown") moved(route);
    },
    unmount() {
      leave();
      clear();
      top.end();
      document.removeEventListener("keydown", back);
    },
  };
}
