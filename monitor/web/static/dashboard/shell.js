// The frame around every view: connection, banners, news for screen readers, theme, and the keys that work everywhere.
import { h, icon, put } from "./dom.js";
import { sentence } from "./format.js";
import { dialog, toast } from "./ui.js";

const WORDS = { live: "live", lost: "connection lost, trying again…", connecting: "connecting…", out: "signed out" };
const KEYS = [
  ["/", "search"], ["j  k", "next, previous"], ["Enter", "open what is chosen"], ["g o", "overview"], ["g n", "new workspace"],
  ["g s", "system"], ["u", "up, to the overview"], ["t", "light or dark"], ["?", "this help"], ["Esc", "close"],
];
const PLACES = { o: "#/", n: "#/new", s: "#/system" };
const find = (id) => document.getElementById(id);

export function begin({ live, signOut }) {
  const theme = () => dispatchEvent(new Event("slipway-theme"));
  find("theme").append(icon("theme"));
  find("theme").addEventListener("click", theme);
  find("keys").addEventListener("click", help);
  find("sign-out").addEventListener("click", signOut);
  document.addEventListener("keydown", keyboard(theme));
  live.subscribe((event) => {
    if (event.type === "connection") connection(live);
    if (["state", "banners", "connection"].includes(event.type)) banners(live.banners);
    if (["state", "workspace", "removed", "connection"].includes(event.type)) title(live);
    if (event.type === "notice") toast(sentence(event.text), "busy");
    if (event.type === "workspace" && event.before?.phase !== event.workspace.phase) {
      put(find("news"), `${event.workspace.name} is ${event.workspace.phase}`);
    }
  });
  connection(live);
}

function connection({ connection: state }) {
  document.body.dataset.connection = state;
  put(find("connection"), WORDS[state]);
}

function banners(shown) {
  const texts = Object.values(shown).map(sentence);
  const now = [...find("banners").children].map((line) => line.textContent);
  if (now.join("\0") !== texts.join("\0")) find("banners").replaceChildren(...texts.map((text) => h("p", {}, text)));
}

function title({ workspaces }) {
  let failed = 0;
  for (const { phase } of workspaces.values()) failed += phase === "failed";
  const text = failed ? `(${failed} failed) Slipway` : "Slipway";
  if (document.title !== text) document.title = text;
}

const typing = ({ target }) => /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable;

function keyboard(theme) {
  let before = "";
  return (event) => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || document.querySelector("dialog[open]")) return;
    if (document.body.dataset.signed !== "in") return;
    const search = document.querySelector("main [data-search]");
    if (before === "g" && PLACES[key]) location.hash = PLACES[key];
    else if (key === "/" && search) search.focus();
    else if (key === "?") help();
    else if (key === "t") theme();
    else {
      before = key;
      return;
    }
    before = "";
    event.preventDefault();
  };
}

function help() {
  const rows = KEYS.map(([keys, text]) => [h("dt", {}, keys.split(" ").filter(Boolean).map((key) => [h("kbd", {}, key), " "])), h("dd", {}, text)]);
  dialog("Keyboard", h("dl", { class: "facts" }, rows));
}
