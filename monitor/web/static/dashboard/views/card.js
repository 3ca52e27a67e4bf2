// One workspace's card: made once, afterwards only what changed is touched.
import { attr, h, hide, icon, lines, put, say, to } from "../dom.js";
import { ago, bytes, sentence, when } from "../format.js";
import { initial, keeping, phasePill, possible, shortly, showPhase } from "../phases.js";
import { path } from "../router.js";

const SIGNS = { start: "play", restart: "restart", stop: "stop" };
const WARNINGS = 3;

function parts(card) {
  card.parts ??= Object.fromEntries([...card.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  return card.parts;
}

const part = (tag, name, props = {}, ...children) => h(tag, { ...props, data: { part: name } }, ...children);
const figure = (name, label) => h("div", { class: "figure" }, h("dt", {}, label), part("dd", name, { class: "num" }));

export function make({ name }) {
  const verb = (word) => h("button", { type: "button", class: "quiet small", data: { do: word, needs: "operate" }, "aria-label": `${sentence(word)} ${name}` },
    icon(SIGNS[word]), sentence(word));
  return h("li", { class: "card", data: { name } },
    h("div", { class: "head" },
      part("span", "icon", { class: "tile", "aria-hidden": "true" }),
      h("div", { class: "grow" },
        h("h2", {}, h("a", { class: "name", href: path(name) }, name)),
        h("p", { class: "about" }, part("span", "type", { class: "type" }), part("span", "description", { class: "description" }))),
      phasePill()),
    part("p", "reason", { class: "reason" }),
    part("p", "changing", { class: "changing" }),
    part("p", "hint", { class: "hint" }),
    part("ul", "warnings", { class: "warnings" }),
    h("p", { class: "where" },
      part("a", "site", { class: "site", rel: "noopener" }, icon("open"), part("span", "prefix", {})),
      part("a", "host", { class: "host soft", rel: "noopener" }),
      part("span", "verdict", { class: "verdict" })),
    h("dl", { class: "figures" }, figure("cpu", "CPU"), figure("memory", "Memory"), figure("kept", "Kept"), figure("snapshot", "Snapshot")),
    h("div", { class: "actions" }, verb("start"), verb("restart"), verb("stop"),
      h("a", { class: "button quiet small", href: path(name), "aria-label": `Log of ${name}` }, icon("terminal"), "Log"),
      h("a", { class: "button quiet small", href: path(name, "history"), "aria-label": `History of ${name}` }, icon("history"), "History")));
}

export function show(card, state) {
  const { icon: tile, type, description, reason, changing, hint, warnings } = parts(card);
  attr(card, "data-phase", state.phase);
  showPhase(card.querySelector(".pill"), state);
  put(tile, initial(state));
  put(type, state.type);
  attr(type, "title", state.evidence.join("; ") || state.reason);
  put(description, state.description);
  say(reason, quiet(state) ? "" : sentence(state.reason));
  const now = state.progress.at(-1) ?? state.changing;
  put(changing, now === state.reason ? "" : now);
  say(hint, state.phase === "serving" ? "" : state.hint);
  const shown = state.warnings.slice(0, WARNINGS);
  lines(warnings, state.warnings.length > WARNINGS ? [...shown, `and ${state.warnings.length - WARNINGS} more`] : shown);
  showWhere(card, state);
  showKept(card, state);
  for (const [verb, can] of Object.entries(possible(state))) hide(card.querySelector(`[data-do=${verb}]`), !can);
  if (state.phase !== "serving" && state.phase !== "starting") showUsage(card, null);
}

// "it answers" says nothing the pill does not.
const quiet = ({ phase, reason }) => phase === "serving" && reason === "it answers";

function showWhere(card, { name, url, host_url: hostUrl, phase, prefix }) {
  const { site, prefix: text, host, verdict } = parts(card);
  to(site, url);
  put(text, `/${name}/`);
  attr(site, "aria-label", `Open ${name}`);
  const there = phase === "serving" && URL.canParse(hostUrl);
  hide(host, !there);
  if (there) {
    to(host, hostUrl);
    put(host, new URL(hostUrl).hostname);
  }
  const judged = prefix && phase === "serving";
  hide(verdict, !judged);
  if (!judged || verdict.dataset.text === prefix.text) return;
  const tone = prefix.ok === false ? "bad" : prefix.ok ? "good" : "off";
  Object.assign(verdict.dataset, { text: prefix.text, tone });
  verdict.replaceChildren(icon(tone === "bad" ? "warn" : "ok"), h("span", {}, prefix.assets ? `${prefix.good}/${prefix.assets} assets` : "first page"));
  attr(verdict, "title", [prefix.text, ...prefix.failed, prefix.ok === false ? prefix.hint : ""].filter(Boolean).join("\n"));
}

export function showKept(card, { sync }) {
  const { kept } = parts(card);
  const { text, trouble } = keeping(sync, ago);
  const short = trouble ? (sync.waiting ? "needs an answer" : `${sync.pending} waiting`) : shortly(text);
  put(kept, short);
  attr(kept, "data-trouble", String(trouble));
  attr(kept, "title", sync.kept_at ? `${text} (${when(sync.kept_at)})` : text);
}

export function showUsage(card, used) {
  const { cpu, memory } = parts(card);
  put(cpu, used?.cpu_cores == null ? "–" : `${(used.cpu_cores * 100).toFixed(used.cpu_cores < 0.1 ? 1 : 0)} %`);
  put(memory, used ? bytes(used.memory) : "–");
  attr(memory, "title", used?.memory_limit ? `of ${bytes(used.memory_limit)}` : null);
}

export function showSnapshot(card, snapshot) {
  const { snapshot: field } = parts(card);
  put(field, snapshot ? snapshot.name : "none");
  attr(field, "title", snapshot?.time ? `${ago(snapshot.time)}, ${when(snapshot.time)}` : null);
}
