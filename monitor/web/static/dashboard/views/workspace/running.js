// What runs and why: the evidence, the instances, the commands, the routes, the labels and the compose file.
import { save, ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { bytes, count, sentence, when } from "../../format.js";
import { copier, failed, loading, pill } from "../../ui.js";

const STEPS = { install: "Install", setup: "Set up", build: "Build", start: "Start" };
const TONES = { running: "good", exited: "bad" };

export function mount(main, context) {
  const { api, live, route } = context;
  const { name } = route;
  const place = h("div", { class: "stack" }, loading("Looking at what runs…"));
  main.append(place);
  let over = false;
  let shown = "";

  async function read() {
    try {
      const found = await api.get(ws(name, "/running"));
      const text = JSON.stringify(found);
      if (over || text === shown) return;
      shown = text;
      place.replaceChildren(...sections(name, found));
    } catch (error) {
      if (!over) place.replaceChildren(failed(error, read));
    }
  }

  const leave = live.subscribe((event) => {
    const { before, workspace } = event;
    if (event.type === "state" || (workspace?.name === name && (before?.generation !== workspace.generation || before?.phase !== workspace.phase))) read();
  });
  read();
  return () => {
    over = true;
    leave();
  };
}

const panel = (title, ...children) => h("section", { class: "panel" }, h("h2", {}, title), ...children);
const table = (heads, rows) => h("div", { class: "scroll-x", tabindex: "0", role: "group", "aria-label": heads.join(", ") },
  h("table", { class: "wide" }, h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows)));

function sections(name, { type, reason, evidence, plan, instances, image, compose, labels, routes }) {
  return [
    panel(`Why ${type}`, evidence.length ? h("ul", { class: "plain" }, evidence.map((text) => h("li", {}, icon("ok"), text))) : h("p", { class: "soft" }, sentence(reason))),
    panel("Instances", instances.length ? table(["Generation", "State", "Address", "Started", "Launch spec"], instances.map(instance)) : h("p", { class: "soft" }, "Nothing runs for it now."),
      image ? h("p", { class: "small" }, "Image ", h("code", {}, image)) : null),
    plan ? panel("How it is run", commands(plan)) : null,
    panel("Routes", routes.length ? table(["Router", "Rule", "Priority", "Through", "To"], routes.map(way)) : h("p", { class: "soft" }, "No route leads to it now: visitors meet the gate.")),
    compose ? panel("Compose file", h("div", { class: "row" }, copier(compose), h("button", { type: "button", on: { click: () => save(new Blob([compose]), `${name}-compose.yaml`) } }, icon("download"), "Download")),
      h("pre", { tabindex: "0", "aria-label": "Compose file" }, compose)) : null,
    Object.keys(labels).length ? panel("Labels", h("details", {}, h("summary", {}, count(Object.keys(labels).length, "label")),
      table(["Label", "Value"], Object.entries(labels).map(([key, value]) => h("tr", {}, h("td", {}, h("code", {}, key)), h("td", {}, h("code", {}, value))))))) : null,
  ].filter(Boolean);
}

function instance({ generation, state, ready, serving, address, started_at: started, spec_hash: hash, exit_reason: ended }) {
  const word = serving ? "serving" : state === "running" ? (ready ? "ready" : "getting ready") : state;
  const tone = state === "running" && !ready ? "busy" : TONES[state] ?? "off";
  return h("tr", {}, h("td", {}, String(generation)), h("td", {}, pill(word, tone, tone === "good" ? "ok" : tone === "bad" ? "warn" : "starting"), ended ? h("span", { class: "small soft" }, ` ${ended}`) : null),
    h("td", {}, h("code", {}, address ?? "–")), h("td", {}, started ? when(started) : "–"), h("td", {}, h("code", {}, hash)));
}

function commands(plan) {
  const given = Object.entries(plan.commands).filter(([, text]) => text);
  const limits = `${bytes(plan.limits.memory)} of memory, ${plan.limits.cpus} CPUs, ${plan.limits.pids} processes`;
  return h("dl", { class: "facts" },
    h("dt", {}, "Runtime"), h("dd", {}, plan.runtime), h("dt", {}, "Limits"), h("dd", {}, limits),
    h("dt", {}, "Prefix"), h("dd", {}, h("code", {}, plan.base_path), plan.strip ? ", taken off by the router" : ", known to the app"),
    plan.data.length ? [h("dt", {}, "Kept data"), h("dd", {}, h("code", {}, plan.data.join(", ")))] : null,
    given.map(([step, text]) => [h("dt", {}, STEPS[step]), h("dd", {}, h("pre", {}, text))]));
}

function way({ name, rule, priority, middlewares, url, port }) {
  return h("tr", {}, h("td", {}, h("code", {}, name)), h("td", {}, h("code", {}, rule)), h("td", { class: "num" }, String(priority)),
    h("td", { class: "small" }, middlewares.join(", ")), h("td", {}, h("code", {}, url ?? `port ${port}`)));
}
