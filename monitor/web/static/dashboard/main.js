// The overview: cards by name, kept equal to the live stream.
import { call, forget, keep, takeFromLink, token } from "./access.js";
import { make, show } from "./card.js";
import { follow } from "./live.js";

const find = (id) => document.getElementById(id);
const list = find("workspaces");
const cards = new Map();
const states = new Map();

function apply(event) {
  if (event.type === "state") {
    const known = new Set(event.workspaces.map((state) => state.name));
    for (const name of cards.keys()) if (!known.has(name)) remove(name);
    event.workspaces.forEach(put);
    showUnnamed(event.unnamed);
    showBanners(event.banners);
  } else if (event.type === "workspace") put(event.workspace);
  else if (event.type === "removed") remove(event.name);
  else if (event.type === "unnamed") showUnnamed(event.unnamed);
  else if (event.type === "banners") showBanners(event.banners);
  summarise();
}

function put(state) {
  states.set(state.name, state);
  let card = cards.get(state.name);
  if (!card) {
    card = make();
    cards.set(state.name, card);
    const after = [...cards.keys()].sort().indexOf(state.name);
    list.insertBefore(card, list.children[after] ?? null);
  }
  show(card, state);
  filter(card, state);
}

function remove(name) {
  cards.get(name)?.remove();
  cards.delete(name);
  states.delete(name);
}

function filter(card, state) {
  const words = find("search").value.toLowerCase().split(/\s+/);
  const text = `${state.name} ${state.type} ${state.phase} ${state.description}`.toLowerCase();
  card.hidden = !words.every((word) => text.includes(word));
}

function summarise() {
  const count = {};
  for (const { phase } of states.values()) count[phase] = (count[phase] ?? 0) + 1;
  const parts = Object.entries(count).map(([phase, number]) => `${number} ${phase}`);
  find("summary").textContent = states.size ? `${states.size} workspaces: ${parts.join(", ")}` : "";
  find("empty").hidden = states.size > 0;
}

function showUnnamed(unnamed) {
  find("unnamed").hidden = unnamed.length === 0;
  find("unnamed").querySelector("ul").replaceChildren(...unnamed.map(({ folder, reason }) => line("li", `${folder}: ${reason}`)));
}

function showBanners(banners) {
  find("banners").replaceChildren(...Object.values(banners).map((text) => line("p", text)));
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

async function act(button) {
  const { name } = button.closest(".card").dataset;
  const verb = button.dataset.do;
  if (verb === "logs") return showLog(name);
  button.disabled = true;
  try {
    await call("POST", `/api/workspaces/${name}/${verb}`);
  } catch (error) {
    showBanners({ error: error.message });
  } finally {
    button.disabled = false;
  }
}

async function showLog(name) {
  const dialog = find("log");
  const text = dialog.querySelector("pre");
  find("log-title").textContent = `Log of ${name}`;
  text.textContent = "loading…";
  dialog.showModal();
  try {
    const { lines } = await call("GET", `/api/workspaces/${name}/logs?lines=500`);
    text.textContent = lines.join("\n") || "nothing printed yet";
    text.scrollTop = text.scrollHeight;
  } catch (error) {
    text.textContent = error.message;
  }
}

function signIn(problem = "") {
  forget();
  find("login").hidden = false;
  find("login-error").textContent = problem;
  find("sign-out").hidden = true;
  find("empty").hidden = true;
  find("connection").textContent = "signed out";
}

function begin() {
  find("login").hidden = true;
  find("sign-out").hidden = false;
  follow({
    onEvent: apply,
    onRefused: () => signIn("That token is unknown, revoked or expired."),
    onState: (state) => {
      find("connection").dataset.state = state;
      find("connection").textContent = state === "live" ? "live" : "connection lost; trying again…";
    },
  });
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(new FormData(event.target).get("token").trim());
  begin();
});
find("sign-out").addEventListener("click", () => { forget(); location.reload(); });
list.addEventListener("click", (event) => event.target.dataset.do && act(event.target));
find("search").addEventListener("input", () => states.forEach((state, name) => filter(cards.get(name), state)));
find("log").addEventListener("click", (event) => "close" in event.target.dataset && find("log").close());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|TEXTAREA/.test(event.target.tagName)) {
    event.preventDefault();
    find("search").focus();
  }
});

takeFromLink();
if (token()) begin();
else signIn();
