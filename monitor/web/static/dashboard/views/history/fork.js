// A new workspace that begins with a revision of this one.
import { ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { path } from "../../router.js";
import { bar, failed } from "../../ui.js";
import { modal } from "./modal.js";
import { nameField } from "../new/name.js";

export async function fork(context, name, revision) {
  const box = modal(`Fork revision ${revision} of ${name}`);
  const field = nameField(context, "Name of the new workspace");
  const form = h("form", { class: "stack", id: "fork-form" }, h("p", { class: "soft" }, `A workspace of its own that begins with these files; ${name} stays as it is. Files that are never kept (.env, node_modules) and data volumes are not copied.`), field.element);
  const go = h("button", { type: "submit", class: "main", form: form.id }, icon("branch"), "Fork");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const as = field.value();
    const progress = bar("Forking");
    box.show(progress.element, []);
    try {
      const job = await context.api.post(ws(name, "/fork"), { as, revision });
      await context.api.done(job, context.live, (now) => progress.show(now.progress.text ?? "Forking…", now.progress.done, now.progress.total));
      box.close();
      context.toast(`${as} begins with revision ${revision} of ${name}.`);
      context.go(path(as));
    } catch (error) {
      box.show([failed(error), form], [h("button", { type: "button", on: { click: box.close } }, "Close"), go]);
    }
  });
  box.show(form, [h("button", { type: "button", on: { click: box.close } }, "Cancel"), go]);
  field.wish(`${name}-fork`);
  field.focus();
}
