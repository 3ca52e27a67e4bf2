// The name of a new workspace: checked while it is typed, with the nearest one that is free.
import { h, icon } from "../../dom.js";

const WAIT_MS = 180;

export function nameField(context, label = "Name") {
  const input = h("input", { required: true, maxlength: "80", spellcheck: "false", autocomplete: "off", autocapitalize: "none", placeholder: "my-project" });
  const said = h("p", { class: "soft small name-says", role: "status" });
  const element = h("div", { class: "stack tight" }, h("label", { class: "field" }, label, input), said);
  let timer;
  let asked = 0;
  let free = false;
  let touched = false;

  async function look() {
    const wish = input.value.trim();
    const mine = (asked += 1);
    if (!wish) return void said.replaceChildren("Up to 40 of a–z, 0–9 and -; it is part of the address.");
    const found = await context.api.get(`/api/names?name=${encodeURIComponent(wish)}`).catch(() => null);
    if (mine !== asked || !found) return;
    free = found.free;
    input.setCustomValidity(free ? "" : found.why);
    input.setAttribute("aria-invalid", String(!free));
    if (!free) said.replaceChildren(icon("warn"), ` ${found.why}. `, h("button", { type: "button", class: "small", on: { click: () => take(found.suggestion) } }, `Take ${found.suggestion}`));
    else if (found.kept) said.replaceChildren(icon("history"), ` A deleted workspace had this name: its history goes on with the new one.`);
    else said.replaceChildren(icon("ok"), ` ${wish} is free.`);
  }

  function take(name) {
    input.value = name;
    touched = true;
    look();
    input.focus();
  }

  input.addEventListener("input", () => {
    touched = true;
    input.setCustomValidity("");
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  look();
  return {
    element,
    value: () => input.value.trim(),
    focus: () => input.focus(),
    // Suggest the nearest free name to `text`, unless a person has typed one.
    async wish(text) {
      if (touched) return;
      const found = await context.api.get(`/api/names?name=${encodeURIComponent(text)}`).catch(() => null);
      if (!found || touched) return;
      input.value = found.suggestion;
      look();
    },
  };
}
