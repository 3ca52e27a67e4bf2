// Who did what: every request that changed something or was refused, newest first, page by page.
import { h } from "../dom.js";
import { ago, when } from "../format.js";
import { may } from "../scope.js";
import { busy, pill, without } from "../ui.js";
import { asked, table } from "./system-parts.js";

const MOST = 25;

export function audit({ api }) {
  const part = asked("Asking for the audit log…", (signal) => ask(api, signal), (page) => show(page, api));
  const again = h("button", { type: "button", class: "small", data: { needs: "admin" } }, "Newest");
  again.addEventListener("click", () => busy(again, part.again));
  return { ...part, title: "Who did what", id: "sys-audit", tools: [again] };
}

async function ask(api, signal, before = null) {
  return (await may("admin")) ? api.get(`/api/audit?limit=${MOST}${before ? `&before=${before}` : ""}`, { signal }) : null;
}

function show(page, api) {
  if (!page) return without("admin", "Reading who did what");
  if (!page.items.length) return h("p", { class: "soft" }, "Nothing was changed or refused yet.");
  const shown = table("Who did what", ["When", "Who", "What", "Answer"], page.items.map(row));
  if (!page.next) return shown;
  const older = h("button", { type: "button", class: "small" }, "Older");
  older.addEventListener("click", () => busy(older, async () => {
    const found = await ask(api, undefined, page.next);
    older.replaceWith(...[show(found, api)].flat());
  }));
  return [shown, older];
}

function row(act) {
  const good = act.status < 400;
  const who = act.who === "host" ? "the host's user" : act.who || "nobody known";
  return [
    h("time", { datetime: act.time, title: when(act.time) }, ago(act.time)),
    [who, act.scope && act.who !== "host" ? h("span", { class: "soft" }, ` ${act.scope}`) : ""],
    h("code", {}, `${act.method} ${act.path}`),
    pill(String(act.status), good ? "good" : "bad", good ? "ok" : "warn"),
  ];
}
