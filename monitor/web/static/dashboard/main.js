// The dashboard's beginning: sign in, follow the live stream, show the view the address names.
//
// How a view is made. `views/NAME.js` exports `mount(main, context)`: it fills `main` (empty, its own) and returns a
// function that ends everything it began (subscriptions, timers, requests), or `{ unmount, moved(route) }` where it
// can follow a change of the address (another tab, another query) without being made anew. `context` has
//   api      get/post/put/patch/delete(path, …) → JSON, raw() → Response, download(path, name), done(job, live, tell);
//            throws ApiError: message, hint, reason, status. `ws(name, rest)` in api.js spells a workspace's path.
//   live     the state: workspaces (Map), jobs (Map), banners, unnamed, connection; subscribe(reader) → leave
//   route    { view, name, tab, query: URLSearchParams }; go(address) and note(address) change it (router.js)
//   toast, dialog, confirm, busy   see ui.js, which also has loading(), empty(), failed(), pill(), bar(), without()
// Whatever changes something is marked with the scope it needs, `data: { needs: "operate" }`, and so is not offered to a
// token of less; `await may(scope)` asks (scope.js). Elements are made with dom.js (`h`, `put`, `keyed`, `icon`): never innerHTML, which the page's policy refuses, and no
// inline style or script. History is mounted inside the workspace's page, below its head and tabs (`route.name`).
// Shared looks are in css/base.css, a view's own in css/NAME.css. Whatever the dashboard asks is public API.
import { forget, keep, takeFromLink, token } from "./access.js";
import { api } from "./api.js";
import { follow, leave, live } from "./live.js";
import { go, note, parse } from "./router.js";
import * as scope from "./scope.js";
import { begin as shell } from "./shell.js";
import * as ui from "./ui.js";
import * as fresh from "./views/new.js";
import * as overview from "./views/overview.js";
import * as system from "./views/system.js";
import * as workspace from "./views/workspace.js";

const VIEWS = { overview, workspace, new: fresh, system };
const nowhere = { mount: (main) => void main.append(ui.empty("There is nothing at this address", "The overview has everything.")) };
const find = (id) => document.getElementById(id);
const main = find("main");
let shown = null;

function show() {
  const route = parse(location.hash);
  const key = `${route.view} ${route.name ?? ""}`;
  for (const link of document.querySelectorAll(".bar nav a")) {
    const here = parse(new URL(link.href).hash).view === route.view;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  if (shown?.key === key && shown.moved) return shown.moved(route);
  hide();
  const view = (VIEWS[route.view] ?? nowhere).mount(main, { api, live, route, go, note, ...ui });
  shown = { key, unmount: typeof view === "function" ? view : view?.unmount, moved: view?.moved };
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
}

function hide() {
  shown?.unmount?.();
  shown = null;
  main.replaceChildren();
}

function signedIn() {
  find("login").hidden = true;
  document.body.dataset.signed = "in";
  scope.learn();
  follow((why) => signIn(`${live.known ? "You were signed out" : "This token is not taken"}: ${why || "a valid token is needed"}.`));
  show();
}

function signIn(problem = "") {
  hide();
  leave();
  forget();
  scope.forget();
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  document.body.dataset.signed = "out";
  const form = find("login");
  form.hidden = false;
  form.elements.token.value = "";
  form.elements.token.focus();
  find("login-error").textContent = problem;
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(event.target.elements.token.value.trim());
  event.target.elements.token.value = "";
  signedIn();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (takeFromLink()) signedIn();
  else if (token()) show();
});

shell({ live, signOut: () => signIn() });
takeFromLink();
if (token()) signedIn();
else signIn();
