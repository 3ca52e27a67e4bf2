// One workspace's card.
import { h, put } from "../dom.js";
import { path } from "../router.js";

export const make = ({ name }) => h("li", { class: "card", data: { name } }, h("h2", {}, h("a", { class: "name", href: path(name) }, name)), h("span", { class: "phase pill" }));

export function show(card, state) {
  card.dataset.phase = state.phase;
  put(card.querySelector(".phase"), state.phase);
}
