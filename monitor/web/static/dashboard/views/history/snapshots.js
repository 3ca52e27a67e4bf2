// Names for moments: make a snapshot now, pin and name a revision, change its note, tags and end, delete the name.
import { h, icon } from "../../dom.js";
import { when } from "../../format.js";
import { busy, confirm, toast } from "../../ui.js";
import { modal } from "./modal.js";

const DAY_S = 86400;
const ENDS = [["never", "Stays until somebody deletes it"], [1, "for a day"], [7, "for a week"], [30, "for 30 days"], [365, "for a year"]];
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

// Without `revision`: of what is there now.
export function create(context, past, { revision = null, suggestion = "", after }) {
  const title = revision ? `Pin revision ${revision}` : `Snapshot of ${past.title} now`;
  const box = modal(title);
  const fields = form({ name: suggestion, note: "", tags: [] }, true);
  const save = h("button", { type: "submit", class: "main", form: fields.element.id }, icon(revision ? "pin" : "tag"), revision ? "Pin" : "Make snapshot");
  fields.element.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, async () => {
      const body = { name: fields.name.value.trim(), note: fields.note.value, tags: words(fields.tags.value), revision, ttl_s: fields.ttl() };
      const made = await context.api.post(past.url("/snapshots"), drop(body));
      toast(`The snapshot ${made.name} names revision ${made.revision ?? made.seq}.`);
      box.close();
      after(made);
    });
  });
  box.show([h("p", { class: "soft" }, "A named moment stays when older saves are thinned out."), fields.element], [h("button", { type: "button", on: { click: box.close } }, "Cancel"), save]);
  fields.name.focus();
}

export function change(context, past, snapshot, after) {
  const box = modal(`Snapshot ${snapshot.name}`);
  const fields = form(snapshot, false);
  const save = h("button", { type: "submit", class: "main", form: fields.element.id }, "Save");
  fields.element.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(save, async () => {
      const tags = words(fields.tags.value);
      const end = fields.end.value === "as it is" ? {} : fields.ttl() ? { ttl_s: fields.ttl() } : { forever: true };
      await context.api.patch(past.url(`/snapshots/${encodeURIComponent(snapshot.name)}`), {
        note: fields.note.value, add_tags: tags.filter((tag) => !snapshot.tags.includes(tag)),
        remove_tags: snapshot.tags.filter((tag) => !tags.includes(tag)), ...end,
      });
      box.close();
      after();
    });
  });
  box.show(fields.element, [h("button", { type: "button", on: { click: box.close } }, "Cancel"), save]);
}

export async function remove(context, past, snapshot, after) {
  const text = `The name ${snapshot.name} goes; the revision stays as long as the retention rules keep it.`;
  if (!(await confirm(`Delete the snapshot ${snapshot.name}?`, text, { yes: "Delete the name", tone: "danger" }))) return;
  try {
    await context.api.delete(past.url(`/snapshots/${encodeURIComponent(snapshot.name)}`));
    toast(`The name ${snapshot.name} is gone.`);
    after();
  } catch (error) {
    toast(error);
  }
}

let number = 0;

function form(snapshot, fresh) {
  const name = h("input", { value: snapshot.name, required: true, maxlength: "100", spellcheck: "false", autocomplete: "off", placeholder: "before-redesign" });
  const note = h("textarea", { rows: "2", value: snapshot.note ?? "" });
  const tags = h("input", { value: (snapshot.tags ?? []).join(" "), spellcheck: "false", autocomplete: "off", placeholder: "release demo" });
  const now = snapshot.expires_at ? `As it is: until ${when(snapshot.expires_at)}` : "As it is: stays until somebody deletes it";
  const end = h("select", {}, fresh ? null : h("option", { value: "as it is" }, now), ENDS.map(([value, text]) => h("option", { value }, value === "never" ? text : `Stays ${text}`)));
  const element = h("form", { class: "stack", id: `snapshot-${(number += 1)}` },
    fresh ? h("label", { class: "field" }, "Name", name) : null, h("label", { class: "field" }, "Note", note),
    h("label", { class: "field" }, "Tags", tags, h("span", { class: "soft" }, "Words, with spaces between them.")), h("label", { class: "field" }, "How long", end));
  return { element, name, note, tags, end, ttl: () => (Number(end.value) ? Number(end.value) * DAY_S : null) };
}

const drop = (body) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
