// Toasts, dialogs, busy buttons, and the states every page has: loading, empty, failed.
import { h, icon, words } from "./dom.js";

const GONE_MS = 6000;
const place = () => document.getElementById("toasts");

// A sentence that passes; an error (anything thrown) stays until dismissed.
export function toast(said, tone = "good") {
  const failed = said instanceof Error;
  const close = h("button", { class: "quiet small", type: "button", "aria-label": "Dismiss" }, icon("close"));
  const hint = failed && said.hint ? h("p", { class: "soft" }, words(`Try: ${said.hint}`)) : null;
  const one = h("div", { class: "toast", data: { tone: failed ? "bad" : tone }, role: failed ? "alert" : "status" },
    icon(failed ? "warn" : tone === "good" ? "ok" : "info"), h("div", {}, h("p", {}, words(failed ? said.message : said)), hint), close);
  close.addEventListener("click", () => one.remove());
  place().append(one);
  while (place().children.length > 5) place().firstElementChild.remove();
  if (!failed) setTimeout(() => one.remove(), GONE_MS);
  return one;
}

// A dialog with `content`; resolves to the value of the button that closed it, "" for Escape. `buttons`: [{text, value, tone}]
export function dialog(title, content, buttons = [{ text: "Close", value: "" }]) {
  return new Promise((resolve) => {
    const head = h("h2", { id: `dialog-${Math.random().toString(36).slice(2)}` }, title);
    const row = buttons.map(({ text, value, tone = "" }) => h("button", { class: tone, value, type: "submit" }, text));
    const form = h("form", { method: "dialog" }, h("header", {}, head), h("div", { class: "dialog-body" }, content), h("footer", {}, row));
    const box = h("dialog", { class: "dialog", "aria-labelledby": head.id }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      box.close(event.submitter?.value ?? "");
    });
    box.addEventListener("click", (event) => event.target === box && box.close(""));
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue);
    });
    document.body.append(box);
    box.showModal();
  });
}

// Ask before something that cannot be taken back; true for yes.
export async function confirm(title, text, { yes = "Yes", tone = "main", no = "Cancel" } = {}) {
  const buttons = [{ text: no, value: "" }, { text: yes, value: "yes", tone }];
  return (await dialog(title, typeof text === "string" ? h("p", {}, text) : text, buttons)) === "yes";
}

// Run `work` with the button disabled; a failure becomes a toast. Returns what `work` did, undefined where it failed.
export async function busy(button, work) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    toast(error);
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

// Copies `text`; pages off the machine itself and without TLS are not given the clipboard, and say so.
export function copier(text) {
  const button = h("button", { type: "button" }, icon("copy"), "Copy");
  button.addEventListener("click", async () => {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    button.lastChild.textContent = done ? "Copied" : "Select it and copy it by hand";
  });
  return button;
}

export const loading = (what = "Loading…") => h("p", { class: "state-note", role: "status" }, h("span", { class: "spin", "aria-hidden": "true" }), what);

export const empty = (title, text = "", ...more) => h("section", { class: "empty" }, h("h2", {}, title), text && h("p", {}, text), ...more);

// An error in the place of what could not be shown, with a way to try again.
export function failed(error, again) {
  const hint = error.hint ? h("p", {}, words(`Try: ${error.hint}`)) : null;
  const button = again ? h("button", { type: "button", on: { click: again } }, "Try again") : null;
  return h("section", { class: "empty", data: { tone: "bad" }, role: "alert" }, h("h2", {}, icon("warn"), " ", words(error.message)), hint, button);
}

// In the place of what needs a token of `scope`, for those who have less.
export const without = (scope, what) => h("p", { class: "notice", data: { without: scope } }, icon("info"),
  h("span", {}, `${what} needs a token of scope ${scope}. On the host, `, h("code", {}, `slipway token new --scope ${scope}`), " makes one."));

// A phase, a verdict, a state: never by colour alone. tone: good, busy, bad, off, info
export const pill = (text, tone = "off", sign = "") => h("span", { class: "pill", data: { tone } }, sign && icon(sign), text);

// A progress bar: `done` of `total`, or moving on its own where that is not known.
export function bar(label) {
  const inner = h("progress", { "aria-label": label, max: "1" });
  const text = h("span", { class: "soft num" });
  const element = h("div", { class: "progress" }, inner, text);
  return {
    element,
    show(said, done = null, total = null) {
      if (total) inner.value = done / total;
      else inner.removeAttribute("value");
      text.textContent = said ?? "";
    },
  };
}
