// Workspaces whose folder is gone: what is kept of them can be brought back, or removed for good.
import { ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { ago, bytes, count, when } from "../../format.js";
import { path } from "../../router.js";
import { bar, empty, failed, loading } from "../../ui.js";
import { modal } from "../history/modal.js";

export function deleted(context) {
  const element = h("div", {}, loading("Looking for deleted workspaces…"));

  async function look() {
    try {
      const { items } = await context.api.get("/api/workspaces?deleted=true");
      element.replaceChildren(items.length ? h("ul", { class: "gone" }, items.map(row)) : empty("No deleted workspaces", "A workspace whose folder is deleted is kept here until it is purged."));
    } catch (error) {
      element.replaceChildren(failed(error, look));
    }
  }

  function row(one) {
    const progress = bar(`Bringing ${one.name} back`);
    progress.element.hidden = true;
    const back = h("button", { type: "button", class: "main", data: { needs: "operate" }, on: { click: () => restore(one, back, progress) } }, icon("restart"), "Bring back");
    const purge = h("button", { type: "button", class: "danger", data: { needs: "admin" }, on: { click: () => ask(one) } }, icon("trash"), "Purge…");
    return h("li", { class: "panel row spread", data: { name: one.name } },
      h("div", { class: "grow" }, h("h3", {}, one.name),
        h("p", { class: "soft small", title: one.deleted_at ?? "" }, `${one.deleted_at ? `deleted ${ago(one.deleted_at)}, ${when(one.deleted_at)}` : "its folder is gone"} · ${count(one.files, "file")}, ${bytes(one.bytes)} · as of revision ${one.revision}`), progress.element),
      h("div", { class: "row" }, h("a", { class: "button", href: path(one.name, "history") }, icon("history"), "History"), back, purge));
  }

  async function restore(one, button, progress) {
    button.disabled = true;
    progress.element.hidden = false;
    try {
      const job = await context.api.post(ws(one.name, "/restore"), {});
      const result = await context.api.done(job, context.live, (now) => progress.show(now.progress.text ?? "Bringing it back…", now.progress.done, now.progress.total));
      context.toast(result.incomplete ? `${one.name} is back, but not all of it.` : `${one.name} is back.`, result.incomplete ? "bad" : "good");
      context.go(path(one.name));
    } catch (error) {
      context.toast(error);
      button.disabled = false;
      progress.element.hidden = true;
    }
  }

  async function ask(one) {
    const box = modal(`Purge ${one.name}`);
    const typed = h("input", { autocomplete: "off", spellcheck: "false", on: { input: () => { yes.disabled = typed.value !== one.name; } } });
    const yes = h("button", { type: "submit", class: "danger", form: "purge-form", disabled: true }, icon("trash"), "Remove for good");
    const size = h("p", {}, loading("Counting what would go…"));
    const form = h("form", { class: "stack", id: "purge-form" }, h("p", { class: "notice", data: { tone: "bad" } }, icon("warn"), "History, snapshots, mirror and data volume are removed for good. This cannot be undone. Copies at destinations stay there."), size,
      h("label", { class: "field" }, `Type ${one.name} to go on`, typed));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      yes.disabled = true;
      try {
        await context.api.done(await context.api.post(ws(one.name, "/purge"), { confirm: one.name }), context.live);
        box.close();
        context.toast(`Nothing is kept of ${one.name} any more.`);
        look();
      } catch (error) {
        box.show(failed(error), [h("button", { type: "button", on: { click: box.close } }, "Close")]);
      }
    });
    box.show(form, [h("button", { type: "button", on: { click: box.close } }, "Cancel"), yes]);
    typed.focus();
    try {
      const plan = await context.api.done(await context.api.post(ws(one.name, "/purge"), { dry_run: true }), context.live);
      size.replaceChildren(`${count(plan.revisions, "revision")}, ${count(plan.objects, "object")}, ${bytes(plan.bytes)}.`);
    } catch (error) {
      size.replaceChildren(error.message);
    }
  }
  look();
  return element;
}
