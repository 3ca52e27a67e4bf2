// Restoring: what it would do is shown first, then it is done, then it can be undone.
import { ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { bytes, count } from "../../format.js";
import { bar, failed, loading } from "../../ui.js";
import { modal } from "./modal.js";

const ACTS = { write: "Write", replace: "Overwrite", remove: "Remove", stamp: "Set time or mode", folder: "Make folder" };
const SHOWN = 200;

// `path`: only that file or folder, of the source alone: a data volume is put back as a whole. `after()` is called once
// something was restored.
export function restore(context, past, revision, { path = "", after = () => {} } = {}) {
  const { api, live } = context;
  const ask = ws(past.name, "/restore");
  let asking = new AbortController();
  const box = modal(`Restore revision ${revision} of ${past.title}`, { wide: true, over: () => asking.abort() });
  const where = h("input", { value: path, placeholder: "everything", spellcheck: "false", autocomplete: "off" });
  const exact = radio("mirror", "Exactly as it was", "Files that came since are removed.", true);
  const merge = radio("merge", "Add and overwrite only", "Nothing is removed.", false);
  const plan = h("div", { class: "plan", "aria-live": "polite" });
  const go = h("button", { type: "button", class: "main", disabled: true, on: { click: carryOut } }, "Restore");
  const cancel = h("button", { type: "button", on: { click: box.close } }, "Cancel");
  const form = h("form", { class: "stack restore-form", on: { submit: (event) => event.preventDefault(), change: look } },
    past.data ? null : [h("label", { class: "field" }, "Only this file or folder", where),
      h("fieldset", { class: "choices" }, h("legend", {}, "How"), exact, merge)], plan);
  const wish = () => (past.data ? { revision, data: true } : { revision, mode: merge.querySelector("input").checked ? "merge" : "mirror", path: where.value.trim().replace(/^\/+|\/+$/g, "") });
  box.show(form, [cancel, go]);
  look();

  async function look() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    go.disabled = true;
    plan.replaceChildren(loading("Looking at what would change…"));
    try {
      const found = await api.post(ask, { ...wish(), dry_run: true }, { signal });
      plan.replaceChildren(...(past.data ? replaced(found) : planned(found)));
      go.disabled = !past.data && changes(found.plan) === 0;
    } catch (error) {
      if (error.name !== "AbortError") plan.replaceChildren(failed(error, look));
    }
  }

  async function carryOut() {
    await run(wish(), "Restoring");
  }

  async function run(asked, doing) {
    const progress = bar(doing);
    progress.show(`${doing}…`);
    box.show(progress.element, [h("button", { type: "button", on: { click: box.close } }, "Go on in the background")]);
    try {
      const job = await api.post(ask, asked);
      const result = await api.done(job, live, (now) => progress.show(now.progress.text ?? `${doing}…`, now.progress.done, now.progress.total));
      after();
      box.show(came(result), [
        result.before && asked.revision !== result.before
          ? h("button", { type: "button", on: { click: () => run({ ...asked, revision: result.before, mode: "mirror" }, "Undoing") } }, icon("back"), "Undo")
          : null,
        h("button", { type: "button", class: "main", on: { click: box.close } }, "Done")]);
      box.footer.querySelector(".main").focus();
    } catch (error) {
      box.show(failed(error), [h("button", { type: "button", on: { click: box.close } }, "Close")]);
    }
  }
}

function radio(value, title, text, checked) {
  return h("label", { class: "choice" }, h("input", { type: "radio", name: "mode", value, checked }), h("span", {}, h("b", {}, title), h("span", { class: "soft small" }, text)));
}

const changes = ({ counts }) => Object.entries(counts).reduce((sum, [act, n]) => (act in ACTS ? sum + n : sum), 0);

function planned({ plan, lines }) {
  const sums = Object.entries(plan.counts).filter(([act, n]) => n && act in ACTS).map(([act, n]) => `${n.toLocaleString()} to ${(ACTS[act] ?? act).toLowerCase()}`);
  const steps = plan.steps.slice(0, SHOWN).map((step) => h("li", { data: { act: step.act } },
    h("span", { class: "act" }, ACTS[step.act] ?? step.act), h("code", { class: "grow" }, step.path), h("span", { class: "soft small" }, step.size ? bytes(step.size) : "")));
  const more = plan.steps.length > SHOWN || plan.cut ? h("li", { class: "soft" }, "and more") : null;
  const nothing = changes(plan) === 0 ? h("p", { class: "notice" }, icon("ok"), "Nothing is to be done: it is as it was.") : null;
  return [
    h("p", {}, h("b", {}, sums.length ? sums.join(", ") : "No changes"), plan.fetch_bytes ? h("span", { class: "soft" }, ` · ${bytes(plan.fetch_bytes)} to fetch`) : ""),
    nothing,
    plan.refused.length ? h("p", { class: "notice", data: { tone: "bad" } }, icon("warn"), `${count(plan.refused.length, "path")} cannot be placed: ${plan.refused.slice(0, 3).map((one) => `${one.path} (${one.reason})`).join(", ")}`) : null,
    steps.length ? h("ul", { class: "steps", tabindex: "0", "aria-label": "What would be done" }, steps, more) : null,
    h("p", { class: "soft small" }, "What is there now is kept as a revision first, so this can be undone. Files that are never kept (.env, node_modules) stay as they are."),
    lines.some((line) => line.includes("clock")) ? h("p", { class: "soft small" }, lines.filter((line) => line.includes("clock")).join(" ")) : null,
  ].filter(Boolean);
}

// The app may have written since what was kept last, so there is always something to put back.
function replaced({ counts, files, bytes: size, lines }) {
  const sums = [[counts.back, "to come back"], [counts.changed, "to change"], [counts.gone, "to go"]].filter(([n]) => n).map(([n, text]) => `${n.toLocaleString()} ${text}`);
  return [
    h("p", {}, h("b", {}, sums.join(", ") || "The same as what was kept last"), h("span", { class: "soft" }, ` · ${count(files, "file")}, ${bytes(size)} in all`)),
    h("p", { class: "notice", data: { tone: "busy" } }, icon("warn"), "The app is stopped, its data volume is replaced as a whole, and the app is started again. The source stays as it is."),
    h("ul", { class: "plain small soft" }, lines.map((line) => h("li", {}, line))),
    h("p", { class: "soft small" }, "What the volume holds now is kept as a revision first, so this can be undone."),
  ];
}

function came(result) {
  const tone = result.incomplete ? "bad" : "good";
  const title = result.incomplete ? "Not all of it is in place." : "Restored.";
  return [
    h("p", { class: "notice", data: { tone }, role: "status" }, icon(result.incomplete ? "warn" : "ok"), title),
    h("ul", { class: "plain" }, result.lines.slice(0, 30).map((line) => h("li", {}, line))),
  ];
}
