// The dashboard's beginning: sign in, follow the live stream, pass on what is clicked.
import { call, forget, keep, takeFromLink, token } from "./access.js";
import { follow } from "./live.js";
import { showLog } from "./log.js";
import { apply, clear, narrow } from "./overview.js";

const SIGNED_IN = ["search", "sign-out"];
const WORDS = { live: "live", lost: "connection lost, trying again…", connecting: "connecting…", out: "signed out" };
const find = (id) => document.getElementById(id);
let end = () => {};

function connection(state) {
  document.body.dataset.connection = state;
  find("connection").textContent = WORDS[state];
}

function begin() {
  end();
  find("login").hidden = true;
  for (const id of SIGNED_IN) find(id).hidden = false;
  connection("connecting");
  end = follow({
    onEvent: apply,
    onState: connection,
    onRefused: (why) => signIn(`You were signed out: ${why || "a valid token is needed"}.`),
  });
}

function signIn(problem = "") {
  end();
  forget();
  clear();
  complain("");
  if (find("log").open) find("log").close();
  for (const id of SIGNED_IN) find(id).hidden = true;
  find("login").hidden = false;
  find("login").elements.token.value = "";
  find("login").elements.token.focus();
  find("login-error").textContent = problem;
  connection("out");
}

function complain(problem) {
  find("problem").hidden = !problem;
  find("problem").querySelector("span").textContent = problem;
}

async function act(button) {
  const { name } = button.closest(".card").dataset;
  const verb = button.dataset.do;
  if (verb === "logs") return showLog(name);
  button.disabled = true;
  try {
    await call("POST", `/api/workspaces/${encodeURIComponent(name)}/${verb}`);
    complain("");
  } catch (error) {
    complain(`${name}: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(event.target.elements.token.value.trim());
  event.target.elements.token.value = "";
  begin();
});
find("sign-out").addEventListener("click", () => signIn());
find("problem").querySelector("button").addEventListener("click", () => complain(""));
find("workspaces").addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) act(button);
});
find("search").addEventListener("input", narrow);
document.addEventListener("keydown", (event) => {
  const typing = /INPUT|TEXTAREA/.test(event.target.tagName);
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || find("search").hidden) return;
  event.preventDefault();
  find("search").focus();
});
addEventListener("hashchange", () => takeFromLink() && begin());

takeFromLink();
if (token()) begin();
else signIn();
