// How the parts of this monitor are: engine, router, store, and whether a dead disk would lose anything.
import { h, icon } from "../dom.js";
import { duration } from "../format.js";
import { pill } from "../ui.js";
import { asked, facts } from "./system-parts.js";

const GOOD = new Set(["ready", "ok"]);
const EVERY_MS = 10000;

export function state({ api }) {
  const part = asked("Asking the monitor…", (signal) => api.get("/api/status", { signal }), show, EVERY_MS);
  return { ...part, title: "Slipway", id: "sys-state" };
}

function show(status) {
  const phases = Object.entries(status.workspaces).filter(([, number]) => number);
  const risk = h("p", { class: "notice", data: { tone: "busy" } }, icon("warn"),
    h("span", {}, "Not protected against disk loss: everything is kept on this machine only. ", h("code", {}, "slipway backup add"), " names a second place."));
  return [
    status.protected === false ? risk : null,
    facts([
      ["Version", status.version],
      ["Engine", status.engine === "docker" ? "Docker" : `${status.engine} (workspaces are trusted)`],
      ["Router", condition(status.router)],
      ["Store", condition(status.store)],
      ["Workspaces", phases.length ? phases.map(([phase, number]) => `${number} ${phase}`).join(", ") : "none yet"],
      ["Running for", duration(status.uptime_s)],
    ]),
  ].filter(Boolean);
}

function condition(word) {
  const good = GOOD.has(word);
  return pill(word, good ? "good" : "bad", good ? "ok" : "warn");
}
