// One revision: what it is, how sure it is, what changed with it, and what can be done with it.
import { h, icon } from "../../dom.js";
import { ago, bytes, count } from "../../format.js";
import { path } from "../../router.js";
import { failed, loading } from "../../ui.js";
import { changes } from "./changes.js";
import { fork } from "./fork.js";
import { restore } from "./restore.js";
import * as snapshots from "./snapshots.js";
import { named } from "./stream.js";
import { flags, grade, kind } from "./words.js";

const button = (text, sign, click, tone = "") => h("button", { type: "button", class: tone, data: { needs: "operate" }, on: { click } }, icon(sign), text);

export function detail(context, past, mark, { changed, close, forks = [] }) {
  const [text, sign] = kind(mark);
  const pinned = mark.snapshots.length > 0;
  const about = h("dl", { class: "facts" });
  const difference = h("div", { class: "difference" }, loading("Looking at what changed…"));
  const exact = new Date(mark.time);
  facts(mark);
  const element = h("aside", { class: "panel detail", "aria-label": `Revision ${mark.seq}` },
    h("header", { class: "row spread" },
      h("div", {}, h("h2", { tabindex: "-1" }, `Revision ${mark.seq}`), h("p", { class: "soft small", title: mark.time }, `${exact.toLocaleString([], { dateStyle: "full", timeStyle: "medium" })} · ${ago(mark.time)}`)),
      h("button", { type: "button", class: "quiet small", "aria-label": "Close", on: { click: close } }, icon("close"))),
    h("div", { class: "row" },
      button("Restore…", "restart", () => restore(context, past, mark.seq, { after: changed }), "main"),
      button(pinned ? "Name…" : "Pin…", "pin", () => snapshots.create(context, past, { revision: mark.seq, suggestion: pinned ? "" : `pinned-${mark.seq}`, after: changed })),
      past.data ? null : button("Fork…", "branch", () => fork(context, past.name, mark.seq)),
      download(context, past, mark.seq),
      past.data ? null : h("a", { class: "button", href: path(past.name, "files", { at: mark.seq }) }, icon("folder"), "Files"),
      h("a", { class: "button", href: past.link({ from: mark.seq, to: "newest" }) }, icon("copy"), "Compare with now")),
    mark.snapshots.map((one) => pinnedAs(one)),
    about,
    h("section", { class: "stack tight" }, h("h3", {}, mark.after ? `What changed since revision ${mark.after}` : "What is in it"), difference));

  function facts(revision) {
    const git = revision.git ? `${revision.git.commit.slice(0, 10)}${revision.git.branch ? ` (${revision.git.branch.replace("refs/heads/", "")})` : ""}` : "";
    const rows = [
      ["Kind", [icon(sign), " ", text]], ["Holds", `${count(revision.files, "file")}, ${bytes(revision.bytes)}`], ["How sure", [icon(revision.grade === "settled" ? "ok" : "warn"), " ", grade(revision)]],
      git && ["Git head", h("code", {}, git)], revision.from && revision.from.workspace !== past.key && ["Begins with", h("a", { href: named(revision.from.workspace).link({ at: revision.from.seq }) }, `${named(revision.from.workspace).title}, revision ${revision.from.seq}`)],
      forks.length && ["Forks", forks.map((one, place) => [place ? ", " : "", h("a", { href: named(one.workspace).link() }, named(one.workspace).name)])], revision.covers > 1 && ["Stands for", count(revision.covers, "save")], ...flags(revision).map((flag) => ["Note", [icon("info"), " ", flag]]),
    ];
    about.replaceChildren(...rows.filter(Boolean).flatMap(([title, value]) => [h("dt", {}, title), h("dd", {}, value)]));
  }

  function pinnedAs(one) {
    const end = one.expires_at ? `${one.expired ? "expired" : "stays until"} ${new Date(one.expires_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}` : "stays until somebody deletes it";
    return h("section", { class: "snapshot-card" },
      h("div", { class: "row spread" }, h("b", {}, icon("tag"), " ", one.name),
        h("span", { class: "row" },
          h("button", { type: "button", class: "small quiet", data: { needs: "operate" }, on: { click: () => snapshots.change(context, past, one, changed) } }, "Edit"),
          h("button", { type: "button", class: "small quiet", data: { needs: "operate" }, "aria-label": `Delete the snapshot ${one.name}`, on: { click: () => snapshots.remove(context, past, one, changed) } }, icon("trash")))),
      one.note ? h("p", { class: "note" }, one.note) : null,
      h("p", { class: "row small soft" }, one.tags.map((tag) => h("span", { class: "pill" }, tag)), end));
  }

  async function look() {
    try {
      const whole = await context.api.get(past.url(`/revisions/${mark.seq}`));
      facts({ ...mark, ...whole, snapshots: mark.snapshots });
      if (mark.after) {
        const found = await context.api.get(past.url(`/diff?from=${mark.after}&to=${mark.seq}`));
        difference.replaceChildren(changes(context, past, found, { after: changed }));
      } else {
        const listing = await context.api.get(past.url(`/revisions/${mark.seq}?listing=true&limit=50`));
        difference.replaceChildren(h("ul", { class: "paths" }, listing.listing.map((one) => h("li", {}, icon("file"), h("code", { class: "grow" }, one.path), h("span", { class: "soft small num" }, bytes(one.size))))), listing.next ? h("p", { class: "soft small" }, past.data ? "and more" : "and more; see Files") : "");
      }
    } catch (error) {
      difference.replaceChildren(failed(error, look));
    }
  }
  look();
  return element;
}

function download(context, past, seq) {
  const save = (format) => async (event) => {
    event.target.closest("details").open = false;
    const note = context.toast(`Packing revision ${seq}…`, "info");
    try {
      await context.api.download(past.url(`/revisions/${seq}/archive?format=${format}`), `${past.key}-${seq}.${format}`);
    } catch (error) {
      context.toast(error);
    } finally {
      note.remove();
    }
  };
  return h("details", { class: "menu", data: { needs: "admin" } }, h("summary", { class: "button" }, icon("download"), "Download"),
    h("div", { class: "menu-items" }, ["tar.gz", "zip"].map((format) => h("button", { type: "button", class: "quiet", on: { click: save(format) } }, `as ${format}`))));
}
