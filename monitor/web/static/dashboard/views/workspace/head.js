// A workspace's head: who it is, how it stands, where it is, what it uses, and what can be asked of it.
import { ws } from "../../api.js";
import { attr, h, hide, icon, lines, put, say, to } from "../../dom.js";
import { ago, bytes, sentence, when } from "../../format.js";
import { initial, keeping, lag, phasePill, possible, shortly, showPhase } from "../../phases.js";
import { busy } from "../../ui.js";

const USAGE_MS = 3000;
const SIGNS = { start: "play", restart: "restart", stop: "stop" };

export function head({ api, live }, name) {
  const tile = h("span", { class: "tile big", "aria-hidden": "true" });
  const pill = phasePill();
  const about = h("p", { class: "soft" });
  const open = h("a", { class: "button main", rel: "noopener" }, icon("open"), "Open");
  const buttons = Object.fromEntries(["start", "restart", "stop"].map((verb) => [verb, button(verb)]));
  const reason = h("p", {});
  const hint = h("p", { class: "small" });
  const seen = h("p", { class: "small" });
  const last = h("pre", { class: "last", tabindex: "0", "aria-label": "The last lines it printed" });
  const problem = h("div", { class: "notice problem-notice", data: { tone: "bad" } }, icon("warn"), h("div", { class: "grow stack tight" }, reason, hint, seen, h("details", {}, h("summary", {}, "Last lines"), last)));
  const changing = h("p", { class: "notice", data: { tone: "busy" } });
  const waiting = h("p", { class: "grow" });
  const meant = h("button", { type: "button", class: "small", data: { do: "confirm-deletes", needs: "operate" } }, icon("ok"), "They are meant to be gone");
  meant.addEventListener("click", () => busy(meant, () => api.post(ws(name, "/confirm-deletes"))));
  const decide = h("div", { class: "notice", data: { tone: "busy" } }, icon("warn"), waiting, meant);
  const warnings = h("ul", { class: "warnings" });
  const fact = (label) => {
    const value = h("dd", { class: "num" });
    facts.append(h("div", {}, h("dt", {}, label), value));
    return value;
  };
  const facts = h("dl", { class: "strip" });
  const [where, cpu, memory, kept, verdict] = ["Address", "CPU", "Memory", "Kept", "Under its prefix"].map(fact);
  const site = h("a", { rel: "noopener" });
  const host = h("a", { rel: "noopener" });
  where.append(site, h("br"), host);
  const element = h("header", { class: "top" },
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Overview"), " / ", name),
    h("div", { class: "row top-row" }, tile, h("div", { class: "grow" }, h("div", { class: "row" }, h("h1", {}, name), pill), about),
      h("div", { class: "row" }, open, Object.values(buttons))),
    problem, changing, decide, warnings, facts);

  function button(verb) {
    const one = h("button", { type: "button", data: { do: verb, needs: "operate" } }, icon(SIGNS[verb]), sentence(verb));
    one.addEventListener("click", () => busy(one, () => api.post(ws(name, `/${verb}`))));
    return one;
  }

  function show(state) {
    element.dataset.phase = state.phase;
    put(tile, initial(state));
    showPhase(pill, state);
    put(about, [state.type, state.description].filter(Boolean).join(" · "));
    to(open, state.url);
    hide(open, state.type === "unknown");
    for (const [verb, can] of Object.entries(possible(state))) hide(buttons[verb], !can);
    to(site, state.url);
    put(site, URL.canParse(state.url) ? new URL(state.url).pathname : "");
    to(host, state.host_url);
    put(host, URL.canParse(state.host_url) ? new URL(state.host_url).hostname : "");
    const { text, trouble } = keeping(state.sync, ago);
    put(kept, state.sync.waiting ? "needs an answer" : [shortly(text), lag(state.sync)].filter(Boolean).join(", "));
    attr(kept, "data-trouble", String(trouble));
    attr(kept, "title", state.sync.kept_at && when(state.sync.kept_at));
    put(verdict, state.prefix && state.phase === "serving" ? sentence(state.prefix.text) : "–");
    attr(verdict, "data-trouble", String(state.prefix?.ok === false));
    attr(verdict, "title", state.prefix ? [...state.prefix.failed, state.prefix.hint].filter(Boolean).join("\n") : null);
    put(waiting, sentence(state.sync.waiting));
    hide(decide, !state.sync.waiting);
    lines(warnings, state.warnings);
    standing(state);
    if (state.phase !== "serving" && state.phase !== "starting") usage(null);
  }

  function standing(state) {
    const failed = state.phase === "failed" || Boolean(state.failure);
    hide(problem, !failed);
    const now = state.progress.at(-1) ?? state.changing;
    const told = failed ? "" : state.phase === "serving" ? now : sentence(now || state.reason);
    const idle = !failed && state.phase !== "serving" && state.phase !== "starting" && !now;
    say(changing, [told, idle && state.hint && `Try: ${state.hint}`].filter(Boolean).join(". "));
    hide(changing, !told);
    attr(changing, "data-tone", state.phase === "starting" || state.phase === "serving" ? "busy" : "off");
    if (!failed) return;
    const { failure } = state;
    say(reason, sentence(state.reason || failure.reason));
    say(hint, state.hint ? `Try: ${state.hint}` : "");
    const parts = [failure?.listening?.length && `it listens on ${failure.listening.join(", ")}`, failure?.retry_at && `next try at ${when(failure.retry_at)}`];
    put(seen, sentence(parts.filter(Boolean).join("; ")));
    const text = (failure?.log?.length ? failure.log : failure?.before ?? []).slice(-20).join("\n");
    put(last, text);
    hide(last.parentElement, !text);
  }

  function usage(used) {
    put(cpu, used?.cpu_cores == null ? "–" : `${(used.cpu_cores * 100).toFixed(used.cpu_cores < 0.1 ? 1 : 0)} %`);
    put(memory, used ? bytes(used.memory) + (used.memory_limit ? ` of ${bytes(used.memory_limit)}` : "") : "–");
  }

  let able = true;
  async function sample() {
    const phase = live.workspaces.get(name)?.phase;
    if (!able || document.visibilityState !== "visible" || live.connection !== "live" || !/serving|starting/.test(phase)) return;
    try {
      usage((await api.get(`/api/usage?names=${encodeURIComponent(name)}`)).items[name]);
    } catch (error) {
      able = error.status !== 404;
    }
  }
  const timer = setInterval(sample, USAGE_MS);
  setTimeout(sample, 100);
  return { element, show, end: () => clearInterval(timer) };
}
