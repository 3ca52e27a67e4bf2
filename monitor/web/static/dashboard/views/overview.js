// The overview: a card for every workspace (see card.js), kept equal to the live stream.
import { h, keyed } from "../dom.js";
import { make, show } from "./card.js";

export function mount(main, { live }) {
  const list = h("ul", { class: "cards", id: "workspaces", "aria-label": "Workspaces" });
  main.append(list);
  const all = () => keyed(list, [...live.workspaces.values()], (state) => state.name, make, show);
  all();
  return live.subscribe(all);
}
