// The overview: a card for every workspace, kept equal to the live stream; searched and narrowed by phase.
import { line, make, show } from "./card.js";

const ORDER = ["failed", "starting", "serving", "detected", "stopped", "parked", "archived"];
const find = (id) => document.getElementById(id);
const list = find("workspaces");
const cards = new Map();
const states = new Map();
let only = "";

export function apply(event) {
  if (event.type === "state") {
    const known = new Set(event.workspaces.map((state) => state.name));
    for (const name of [...cards.keys()]) if (!known.has(name)) remove(name);
    event.workspaces.forEach(put);
    showUnnamed(event.unnamed);
    showBanners(event.banners);
  } else if (event.type === "workspace") {
    tell(event.workspace);
    put(event.workspace);
  } else if (event.type === "removed") remove(event.name);
  else if (event.type === "unnamed") showUnnamed(event.unnamed);
  else if (event.type === "banners") showBanners(event.banners);
  else return;
  summarise();
}

export function clear() {
  for (const name of [...cards.keys()]) remove(name);
  showUnnamed([]);
  showBanners({});
  find("phases").replaceChildren();
  find("empty").hidden = true;
  find("no-match").hidden = true;
  document.title = "Slipway";
}

export function narrow() {
  const words = find("search").value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const [name, state] of states) {
    const card = cards.get(name);
    card.hidden = !fits(state, words);
    shown += !card.hidden;
  }
  find("no-match").hidden = shown > 0 || states.size === 0;
}

function fits({ name, type, phase, description }, words) {
  const text = `${name} ${type} ${phase} ${description}`.toLowerCase();
  return (!only || phase === only) && words.every((word) => text.includes(word));
}

function put(state) {
  states.set(state.name, state);
  let card = cards.get(state.name);
  if (!card) {
    card = make();
    cards.set(state.name, card);
    let next = null;
    for (let at = list.lastElementChild; at && at.dataset.name > state.name; at = at.previousElementSibling) next = at;
    list.insertBefore(card, next);
  }
  show(card, state);
}

function remove(name) {
  cards.get(name)?.remove();
  cards.delete(name);
  states.delete(name);
}

function tell(state) {
  if (states.get(state.name)?.phase !== state.phase) find("news").textContent = `${state.name} is ${state.phase}`;
}

function summarise() {
  const count = new Map(ORDER.map((phase) => [phase, 0]));
  for (const { phase } of states.values()) count.set(phase, (count.get(phase) ?? 0) + 1);
  if (only && !count.get(only)) only = "";
  const shown = [...count].filter(([, number]) => number > 0);
  const wanted = states.size ? [["", states.size], ...shown] : [];
  const group = find("phases");
  while (group.children.length > wanted.length) group.lastElementChild.remove();
  while (group.children.length < wanted.length) group.append(chip());
  wanted.forEach(([phase, number], index) => fill(group.children[index], phase, number));
  find("empty").hidden = states.size > 0;
  const failed = count.get("failed");
  document.title = failed ? `(${failed} failed) Slipway` : "Slipway";
  narrow();
}

// Chips are filled anew in place: one that has the focus keeps it.
function fill(button, phase, number) {
  const text = phase ? `${number} ${phase}` : `All ${number}`;
  if (button.textContent !== text) button.textContent = text;
  button.dataset.only = phase;
  button.dataset.phase = phase;
  button.setAttribute("aria-pressed", String(only === phase));
}

function chip() {
  const button = line("button", "");
  button.type = "button";
  button.addEventListener("click", () => {
    only = button.dataset.only;
    summarise();
  });
  return button;
}

function showUnnamed(unnamed) {
  find("unnamed").hidden = unnamed.length === 0;
  const lines = unnamed.map(({ folder, reason }) => line("li", `${folder}: ${reason}`));
  find("unnamed").querySelector("ul").replaceChildren(...lines);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function showBanners(banners) {
  find("banners").replaceChildren(...Object.values(banners).map((text) => line("p", sentence(text))));
}
