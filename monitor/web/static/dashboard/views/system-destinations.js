// Where copies of everything go: how old each copy is, when it was last read back, and what to do about it.
import { ApiError } from "../api.js";
import { h, icon, words } from "../dom.js";
import { ago, count, duration, sentence, when } from "../format.js";
import { busy, confirm, empty, pill, toast } from "../ui.js";
import { asked, facts } from "./system-parts.js";

const EVERY_MS = 15000;

export function destinations(context) {
  const { api, live } = context;
  const act = (button, name, verb, body = {}) => busy(button, async () => {
    const result = await api.done(await api.post(`/api/destinations/${encodeURIComponent(name)}/${verb}`, body), live);
    part.again();
    toast(verb === "run" ? copied(name, result) : readBack(name, result));
  });
  const allow = async (button, name) => {
    if (await confirm("Remove it there too?", "What is gone from the store is then removed from this copy as well.", { yes: "Remove", tone: "danger" })) {
      await busy(button, async () => {
        await api.post(`/api/destinations/${encodeURIComponent(name)}/confirm`, {});
        toast("The next copy removes it.");
        part.again();
      });
    }
  };
  const part = asked("Asking for destinations…", (signal) => api.get("/api/destinations", { signal }), ({ items }) => show(items, act, allow), EVERY_MS);
  return { ...part, title: "Destinations", id: "sys-destinations" };
}

function show(items, act, allow) {
  if (!items.length) {
    return empty("No second place yet", "With one, a dead disk loses nothing. A folder on another disk or any S3 bucket will do:", h("pre", {}, "slipway backup add nas --path /mnt/nas/slipway"));
  }
  return h("ul", { class: "places" }, items.map((item) => place(item, act, allow)));
}

function place(item, act, allow) {
  const run = button("upload", "Copy now", "operate", (self) => act(self, item.name, "run"));
  const verify = button("search", "Read back", "operate", (self) => act(self, item.name, "verify"));
  const held = Object.values(item.held);
  const yes = held.length ? button("trash", "Allow removals", "admin", (self) => allow(self, item.name)) : null;
  return h("li", { class: "stack" },
    h("div", { class: "row" }, h("strong", {}, item.name), condition(item), h("span", { class: "soft" }, `${item.kind}, ${item.mode}`)),
    h("p", { class: "mono small soft" }, item.where),
    item.error ? h("p", { class: "notice", data: { tone: "bad" } }, icon("warn"), h("span", {}, words(sentence(item.error)), item.hint ? words(` Try: ${item.hint}`) : "")) : null,
    [...held, ...item.notes].map((text) => h("p", { class: "notice", data: { tone: "busy" } }, icon("warn"), h("span", {}, sentence(text)))),
    facts([
      ["Has everything until", item.complete_at ? moment(item.complete_at) : "no copy yet"],
      ["Last read back", item.verified_at ? moment(item.verified_at) : "never"],
      item.next_in_s !== null ? ["Next copy", `in ${duration(Math.max(0, item.next_in_s))}`] : null,
      item.waiting ? ["Removals that wait", String(item.waiting)] : null,
      item.progress ? ["Now", item.progress] : null,
    ]),
    h("div", { class: "row" }, run, verify, yes));
}

// What came of it: a sentence, or where something is wrong an error, which stays until it is dismissed.
function copied(name, { problems }) {
  return problems.length ? new ApiError(`Not everything is in ${name} now: ${listed(problems)}`) : `${name} has everything now.`;
}

function readBack(name, { damaged, problems, sound }) {
  const hurt = count(damaged.length, "damaged object");
  if (!sound) return new ApiError(`Not everything in ${name} is right: ${listed([...damaged.filter((one) => !one.repaired).map((one) => `${one.key} (${one.what})`), ...problems])}`);
  return damaged.length ? `${hurt} in ${name} got the right bytes again.` : `Everything in ${name} was read back and is right.`;
}

const listed = (texts) => texts.slice(0, 3).join("; ") + (texts.length > 3 ? `; and ${texts.length - 3} more` : "");

function condition({ state, error, damaged, complete_at: complete }) {
  if (damaged) return pill(`${damaged} damaged`, "bad", "warn");
  if (error) return pill("trouble", "bad", "warn");
  if (state !== "idle") return pill(state, "busy", "starting");
  return complete ? pill("up to date", "good", "ok") : pill("waiting", "off", "parked");
}

const moment = (text) => h("time", { datetime: text, title: when(text) }, ago(text));

function button(sign, text, needs, work) {
  const self = h("button", { type: "button", class: "small", data: { needs } }, icon(sign), text);
  self.addEventListener("click", () => work(self));
  return self;
}
