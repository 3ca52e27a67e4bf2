// Who may come in: tokens without their secrets, a new one (shown this once), and ending one at once.
import { h, icon } from "../dom.js";
import { ago, when } from "../format.js";
import { may } from "../scope.js";
import { busy, confirm, copier, dialog, pill, without } from "../ui.js";
import { asked, table } from "./system-parts.js";

const SCOPES = [["read", "read: sees everything"], ["operate", "operate: also starts, stops, saves and restores"], ["admin", "admin: also runs commands and hands out tokens"]];
const DAY_S = 86400;
const ENDS = [["1 day", DAY_S], ["30 days", 30 * DAY_S], ["1 year", 365 * DAY_S], ["never", null]];

export function tokens({ api }) {
  const revoke = async (button, token) => {
    const text = `Programs that use ${token.note || token.id} are signed out at once.`;
    if (await confirm("End this token?", text, { yes: "End it", tone: "danger" })) {
      await busy(button, async () => {
        await api.delete(`/api/tokens/${encodeURIComponent(token.id)}`);
        part.again();
      });
    }
  };
  const part = asked("Asking for tokens…", (signal) => ask(api, signal), (items) => show(items, revoke));
  const add = h("button", { type: "button", class: "small", data: { needs: "admin" } }, icon("plus"), "New token");
  add.addEventListener("click", () => busy(add, () => make(api, part.again)));
  return { ...part, title: "Tokens", id: "sys-tokens", tools: [add] };
}

async function ask(api, signal) {
  return (await may("admin")) ? (await api.get("/api/tokens", { signal })).items : null;
}

function show(items, revoke) {
  if (!items) return without("admin", "Seeing and making tokens");
  const now = Date.now();
  return table("Tokens", ["Token", "Scope", "Made", "Ends", ""], items.map((token) => {
    const end = h("button", { type: "button", class: "small danger", "aria-label": `End token ${token.note || token.id}` }, "End");
    end.addEventListener("click", () => revoke(end, token));
    const over = token.expires_at && new Date(token.expires_at).getTime() < now;
    const ends = !token.expires_at ? "never" : over ? pill("ended", "off", "stop") : when(token.expires_at);
    return [[token.note ? `${token.note} ` : "", h("code", { class: "soft" }, token.id)], token.scope, ago(token.created_at), ends, end];
  }));
}

async function make(api, again) {
  const note = h("input", { name: "note", maxlength: "200", placeholder: "laptop, build server…" });
  const scope = h("select", { name: "scope" }, SCOPES.map(([value, text]) => h("option", { value }, text)));
  const ends = h("select", { name: "ends" }, ENDS.map(([text, seconds]) => h("option", { value: seconds ?? "" }, text)));
  scope.value = "operate";
  ends.value = String(30 * DAY_S);
  const form = [field("What is it for?", note), field("What may it do?", scope), field("How long?", ends)];
  const buttons = [{ text: "Cancel", value: "" }, { text: "Make it", value: "yes", tone: "main" }];
  if ((await dialog("New token", form, buttons)) !== "yes") return;
  const made = await api.post("/api/tokens", { note: note.value, scope: scope.value, ttl_s: ends.value ? Number(ends.value) : null });
  again();
  await showSecret(made.token);
}

async function showSecret(secret) {
  await dialog("Keep it now", [h("p", {}, "It is shown this once: only its hash is kept."), h("pre", { id: "new-token" }, secret), copier(secret)]);
}

const field = (text, input) => h("label", { class: "field" }, text, input);
