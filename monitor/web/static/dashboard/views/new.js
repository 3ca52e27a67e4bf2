// A new workspace: from a template, from this computer, from git, from a snapshot; and those that were deleted.
import { h, icon } from "../dom.js";
import { path } from "../router.js";
import { failed, without } from "../ui.js";
import { deleted } from "./new/deleted.js";
import { nameField } from "./new/name.js";
import * as sources from "./new/sources.js";

const WAYS = {
  template: ["A template", "file", "A small project that runs at once"],
  file: ["From this computer", "upload", "A folder, files or an archive"],
  git: ["A git repository", "link", "Cloned from its address"],
  snapshot: ["A snapshot", "branch", "A fork of a workspace, now or then"],
  deleted: ["A deleted workspace", "history", "Brought back as it was"],
};

export function mount(main, context) {
  let source = null;
  const ways = h("nav", { class: "ways", data: { needs: "operate" }, "aria-label": "What it begins with" });
  const place = h("section", { class: "stack", tabindex: "-1" });
  main.append(h("div", { class: "stack new" }, h("header", {}, h("h1", {}, "New workspace"), h("p", { class: "soft" }, "Copying a folder into the workspaces folder does the same.")), without("operate", "Making a workspace"), ways, place));

  function show(route) {
    const way = WAYS[route.query.get("from")] ? route.query.get("from") : "template";
    source?.end?.();
    source = null;
    ways.replaceChildren(...Object.entries(WAYS).map(([id, [title, sign, text]]) => h("a", { class: "way", href: `#/new?from=${id}`, "aria-current": id === way ? "page" : null }, icon(sign), h("span", {}, h("b", {}, title), h("span", { class: "soft small" }, text)))));
    place.replaceChildren(way === "deleted" ? deleted(context) : form(way));
  }

  function form(way) {
    const name = nameField(context);
    source = sources[way](context, (text) => name.wish(text));
    const go = h("button", { type: "submit", class: "main" }, icon("plus"), "Create");
    const problem = h("div", { class: "stack" });
    const own = source;
    const made = h("form", { class: "panel stack", data: { needs: "operate" } }, own.element, name.element, problem, h("div", { class: "row" }, go));
    made.addEventListener("submit", async (event) => {
      event.preventDefault();
      go.disabled = true;
      go.setAttribute("aria-busy", "true");
      problem.replaceChildren();
      try {
        const workspace = await own.make(name.value());
        context.toast(`${workspace.name ?? name.value()} is there.`);
        context.go(path(workspace.name ?? name.value()));
      } catch (error) {
        problem.replaceChildren(failed(error));
      } finally {
        go.disabled = false;
        go.removeAttribute("aria-busy");
      }
    });
    return made;
  }

  show(context.route);
  return { moved: show, unmount: () => source?.end?.() };
}
