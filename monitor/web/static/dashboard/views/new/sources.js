// What a new workspace can begin with: each has an `element`, and `make(name)` which answers with the workspace.
import { ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { when } from "../../format.js";
import { bar, failed, loading } from "../../ui.js";
import { upload } from "./upload.js";

export function template(context, wish) {
  const element = h("fieldset", { class: "templates" }, h("legend", { class: "unseen" }, "Template"), loading("Reading the templates…"));
  const chosen = () => element.querySelector("input:checked")?.value;
  async function look() {
    try {
      const { items } = await context.api.get("/api/templates");
      element.replaceChildren(h("legend", { class: "unseen" }, "Template"), ...items.map((one, place) => h("label", { class: "choice" },
        h("input", { type: "radio", name: "template", value: one.id, checked: place === 0, on: { change: () => wish(one.id) } }),
        h("span", {}, h("b", {}, one.title), h("span", { class: "soft small" }, one.about), h("span", { class: "soft small mono" }, one.files.join("  "))))));
      wish(items[0].id);
    } catch (error) {
      element.replaceChildren(failed(error, look));
    }
  }
  look();
  return { element, make: (name) => context.api.post("/api/workspaces", { name, template: chosen() }) };
}

export function git(context, wish) {
  const address = h("input", { inputmode: "url", autocapitalize: "none", placeholder: "https://example.org/team/project.git", spellcheck: "false", autocomplete: "off", required: true, on: { input: () => wish(address.value.replace(/\/+$/, "").split(/[/:]/).pop().replace(/\.git$/, "")) } });
  const progress = bar("Cloning");
  progress.element.hidden = true;
  const element = h("div", { class: "stack" }, h("label", { class: "field" }, "Address of the repository", address, h("span", { class: "soft" }, "Also git@host:team/project.git. It is cloned into the data folder with a clean configuration; nothing of it is run by being cloned.")), progress.element);
  return {
    element,
    async make(name) {
      const made = await context.api.post("/api/workspaces", { name, git: address.value.trim() });
      if (!made.state) return made;
      progress.element.hidden = false;
      try {
        return await context.api.done(made, context.live, (now) => progress.show(now.progress.text ?? "Cloning…", now.progress.done, now.progress.total));
      } finally {
        progress.element.hidden = true;
      }
    },
  };
}

export function file(context, wish) {
  const sending = upload(context, wish);
  return { element: sending.element, make: (name) => sending.send(name), end: sending.cancel };
}

export function snapshot(context, wish) {
  const from = h("select", { on: { change: look } });
  const named = () => wish(which.value ? `${from.value}-${which.value}` : `${from.value}-2`);
  const which = h("select", { on: { change: named } });
  const other = h("input", { placeholder: "a revision's number, or a moment: 2 hours ago", autocomplete: "off", spellcheck: "false" });
  const fields = [h("label", { class: "field" }, "Workspace", from), h("label", { class: "field" }, "As it was", which), h("label", { class: "field" }, "Or at another moment", other)];
  const element = h("div", { class: "stack" }, loading("Looking for workspaces…"));

  async function begin() {
    try {
      const { items } = await context.api.get("/api/workspaces");
      from.replaceChildren(...items.map(({ name }) => h("option", { value: name }, name)));
      element.replaceChildren(...(items.length ? fields : [h("p", { class: "notice" }, icon("info"), "There is no workspace yet to begin with.")]));
      if (items.length) await look();
    } catch (error) {
      element.replaceChildren(failed(error, begin));
    }
  }

  async function look() {
    wish(`${from.value}-2`);
    which.replaceChildren(h("option", { value: "" }, "As it is now"));
    const found = await context.api.get(ws(from.value, "/snapshots")).catch(() => ({ items: [] }));
    which.append(...found.items.filter((one) => !one.expired).map((one) => h("option", { value: one.name }, `${one.name} · ${when(one.time)}${one.note ? ` · ${one.note.slice(0, 40)}` : ""}`)));
  }
  begin();
  return {
    element,
    make(name) {
      const moment = other.value.trim() || which.value;
      return context.api.post("/api/workspaces", { name, from: moment ? `${from.value}@${moment}` : from.value });
    },
  };
}
