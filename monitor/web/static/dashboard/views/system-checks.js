// What doctor finds: refused first, then warnings; what is well is folded away.
import { h, icon, words } from "../dom.js";
import { count, sentence } from "../format.js";
import { busy, pill } from "../ui.js";
import { asked } from "./system-parts.js";

const LEVELS = {
  refused: ["does not work", "bad", "failed"],
  warning: ["warning", "busy", "warn"],
  ok: ["ok", "good", "ok"],
};

export function checks({ api }) {
  const part = asked("Looking at versions, ports, space and limits…", (signal) => api.get("/api/doctor", { signal }), show);
  const again = h("button", { type: "button", class: "small" }, icon("restart"), "Look again");
  again.addEventListener("click", () => busy(again, part.again));
  return { ...part, title: "What it stands on", id: "sys-checks", tools: [again] };
}

function show({ items }) {
  const bad = ["refused", "warning"].flatMap((level) => items.filter((one) => one.level === level));
  const well = items.filter((one) => one.level === "ok");
  return [
    bad.length ? null : h("p", { class: "soft" }, "Nothing to complain about."),
    h("ul", { class: "findings" }, bad.map(finding)),
    h("details", {}, h("summary", {}, `${count(well.length, "check")} found nothing wrong`), h("ul", { class: "findings" }, well.map(finding))),
  ].filter(Boolean);
}

function finding({ check, level, message, hint }) {
  const [word, tone, sign] = LEVELS[level] ?? [level, "off", "info"];
  return h("li", {}, h("div", { class: "row" }, h("strong", {}, check), pill(word, tone, sign)),
    h("p", {}, words(sentence(message))), hint ? h("p", { class: "soft small" }, words(`Try: ${hint}`)) : null);
}
