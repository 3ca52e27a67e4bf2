// The monitor's own newest log lines.
import { h } from "../dom.js";
import { busy } from "../ui.js";
import { asked } from "./system-parts.js";

const LINES = 200;

export function monitorLog({ api }) {
  const part = asked("Reading the log…", (signal) => api.get(`/api/logs?lines=${LINES}`, { signal }), ({ lines }) => {
    const text = h("pre", { class: "monitor-log", tabindex: "0", "aria-label": "The monitor's log" }, lines.join("\n") || "It said nothing yet.");
    requestAnimationFrame(() => { text.scrollTop = text.scrollHeight; });
    return text;
  });
  const again = h("button", { type: "button", class: "small" }, "Read again");
  again.addEventListener("click", () => busy(again, part.again));
  return { ...part, title: "The monitor's log", id: "sys-log", tools: [again] };
}
