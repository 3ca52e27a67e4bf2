// What the token may do, asked once after signing in. An element says what it needs, `data-needs="operate"` or "admin",
// and is not shown to a token that may do less; `data-without="operate"` is shown to such a token alone. One rule in
// css/base.css does both by the body's `data-scope`; until that is known nothing is offered. The server decides anyway.
import { api } from "./api.js";

const ORDER = ["read", "operate", "admin"];
const AGAIN_MS = 2000;
const SAYS = {
  read: ["read only", "This token sees everything and changes nothing. What it may not do is not shown."],
  operate: ["operate", "This token may not run commands, download archives or hand out tokens: those need scope admin."],
};

let turn = 0;
let known = Promise.resolve("");

// Whether the token reaches that far, once that is known.
export const may = async (scope) => ORDER.indexOf(await known) >= ORDER.indexOf(scope);

export function learn() {
  forget();
  known = ask(turn);
}

export function forget() {
  turn += 1;
  known = Promise.resolve("");
  delete document.body.dataset.scope;
  document.getElementById("scope").hidden = true;
}

async function ask(mine) {
  while (mine === turn) {
    try {
      const { scope } = await api.get("/api/me");
      if (mine === turn) show(scope);
      return scope;
    } catch (error) {
      if (error.status === 401) return "";
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  return "";
}

function show(scope) {
  const [text, title] = SAYS[scope] ?? ["", ""];
  document.body.dataset.scope = scope;
  Object.assign(document.getElementById("scope"), { textContent: text, title, hidden: !text });
}
