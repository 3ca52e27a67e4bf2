// Run a command in a short-lived copy of the workspace: its output as it comes, its exit code, and a way to stop it.
import { ws } from "../../api.js";
import { h, icon, put } from "../../dom.js";
import { duration } from "../../format.js";
import { pill, without } from "../../ui.js";

const MOST_LINES = 5000;

export function mount(main, { api, route, toast }) {
  const { name } = route;
  const command = h("input", { name: "command", required: true, autocomplete: "off", spellcheck: "false", placeholder: "npm test", class: "mono" });
  const shell = h("input", { type: "checkbox", checked: true });
  const keep = h("input", { type: "checkbox" });
  const limit = h("input", { type: "number", min: "1", max: "86400", value: "600", class: "short" });
  const start = h("button", { type: "submit", class: "main" }, icon("play"), "Run");
  const stop = h("button", { type: "button", class: "danger", hidden: true }, icon("stop"), "Cancel");
  const out = h("pre", { class: "log", tabindex: "0", role: "log", "aria-label": "Output", hidden: true });
  const says = h("p", { class: "row", role: "status" });
  const form = h("form", { class: "panel stack", data: { needs: "admin" } },
    h("p", { class: "soft" }, "Runs in a copy of its own, beside what serves, with the same limits."),
    h("label", { class: "field" }, "Command", command),
    h("div", { class: "row" },
      h("label", { class: "row" }, shell, "through a shell"), h("label", { class: "row" }, keep, "bring changed files back as one revision"),
      h("label", { class: "row" }, "at most", limit, "seconds")),
    h("div", { class: "row" }, start, stop, says));
  main.append(h("div", { class: "stack" }, without("admin", "Running a command"), form, out));
  let ending = null;
  let job = null;

  async function run() {
    const text = command.value.trim();
    const argv = shell.checked ? ["sh", "-c", text] : words(text);
    busy(true);
    out.replaceChildren();
    out.hidden = false;
    put(says, "Asking…");
    const began = Date.now();
    try {
      job = await api.post(ws(name, "/run"), { argv, timeout_s: Number(limit.value) || 600, keep: keep.checked });
      ending = new AbortController();
      put(says, "Running…");
      const last = await follow(await api.raw("GET", `/api/jobs/${job.id}/log`, { signal: ending.signal }));
      ended(last, (Date.now() - began) / 1000);
    } catch (error) {
      if (error.name === "AbortError") return;
      put(says, "");
      toast(error);
    } finally {
      busy(false);
    }
  }

  // Lines of JSON, each a line of output; the last one tells how it ended.
  async function follow(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return null;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      const said = lines.filter(Boolean).map((line) => JSON.parse(line));
      print(said.filter((one) => "text" in one));
      const end = said.find((one) => one.end);
      if (end) return end;
    }
  }

  function print(lines) {
    if (!lines.length) return;
    const atEnd = out.scrollHeight - out.scrollTop - out.clientHeight < 40;
    out.append(...lines.map(({ text }) => h("div", { class: "line" }, text)));
    while (out.childElementCount > MOST_LINES) out.firstElementChild.remove();
    if (atEnd) out.scrollTop = out.scrollHeight;
  }

  function ended(last, seconds) {
    const { state, result, error } = last ?? {};
    const code = result?.exit_code;
    const good = state === "done" && code === 0;
    const text = state === "done" ? `exit code ${code}` : error?.message ?? state ?? "the connection was lost";
    says.replaceChildren(pill(good ? "done" : state === "done" ? "ended" : state ?? "lost", good ? "good" : "bad", good ? "ok" : "warn"), `${text}, after ${duration(seconds)}`,
      result?.kept ? h("span", { class: "soft" }, ` · changed files are revision ${result.kept.revision ?? result.kept}`) : "");
    if (!out.childElementCount) out.append(h("div", { class: "soft" }, "It printed nothing."));
  }

  function busy(now) {
    start.disabled = now;
    stop.hidden = !now;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  stop.addEventListener("click", () => job && api.delete(`/api/jobs/${job.id}`).catch(toast));
  return () => ending?.abort();
}

// A command line as words: quotes hold together, nothing is expanded.
export function words(text) {
  const found = [];
  for (const match of text.matchAll(/(?:[^\s"']+|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    found.push(match[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) => single ?? double.replace(/\\(["\\])/g, "$1")));
  }
  return found;
}
