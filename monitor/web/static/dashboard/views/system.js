// The system page: what Slipway stands on, where copies go, what is under way, who may come in and who did what.
import { h } from "../dom.js";
import { audit } from "./system-audit.js";
import { checks } from "./system-checks.js";
import { destinations } from "./system-destinations.js";
import { jobs } from "./system-jobs.js";
import { monitorLog } from "./system-log.js";
import { state } from "./system-state.js";
import { tokens } from "./system-tokens.js";

// A part is `part(context)` → { title, id, element, begin(), end() }: it asks for its own data and shows its own troubles.
const PARTS = [state, checks, destinations, jobs, tokens, audit, monitorLog];

export function mount(main, context) {
  const parts = PARTS.map((part) => part(context));
  const panels = parts.map(({ title, id, element, tools = [] }) =>
    h("section", { class: "panel", id, "aria-labelledby": `${id}-title` },
      h("div", { class: "row spread" }, h("h2", { id: `${id}-title` }, title), h("div", { class: "row" }, tools)), element));
  main.append(h("h1", { class: "page-title" }, "System"), h("div", { class: "system" }, panels));
  for (const part of parts) part.begin();
  return () => {
    for (const part of parts) part.end?.();
  };
}
