// One workspace: its head, its tabs, and in the tab's section a view of its own.
import { h } from "../dom.js";
import { path } from "../router.js";
import * as history from "./history.js";

const TABS = { log: ["Log"], events: ["Events"], what: ["What runs"], files: ["Files"], history: ["History", history] };

export function mount(main, context) {
  const { name } = context.route;
  const tabs = h("nav", { class: "tabs", "aria-label": "Parts" });
  const section = h("section", { tabindex: "-1" });
  main.append(h("h1", {}, name), tabs, section);
  let leave = () => {};

  function moved(route) {
    leave();
    section.replaceChildren();
    tabs.replaceChildren(...Object.entries(TABS).map(([tab, [title]]) =>
      h("a", { href: path(name, tab), "aria-current": tab === route.tab ? "page" : null }, title)));
    const view = TABS[route.tab]?.[1];
    leave = view ? view.mount(section, { ...context, route }) : () => {};
  }
  moved(context.route);
  return { moved, unmount: () => leave() };
}
