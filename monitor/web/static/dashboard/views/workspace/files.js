// The source as files: what is there now, or was at a revision; shown as text, or saved.
import { ws } from "../../api.js";
import { h, icon } from "../../dom.js";
import { bytes, count, when } from "../../format.js";
import { path as address } from "../../router.js";
import { busy, empty, failed, loading } from "../../ui.js";

const SHOWN_BYTES = 512 * 1024;
const REVISIONS = 50;
const SIGNS = { dir: "folder", file: "file", symlink: "link", special: "warn" };

// Names may hold bytes that are no UTF-8, carried as lone surrogates: these become those bytes again.
export function encoded(path) {
  const part = (text) => [...text].map((char) => (/[\udc80-\udcff]/.test(char) && char.length === 1
    ? `%${(char.charCodeAt(0) - 0xdc00).toString(16)}` : encodeURIComponent(char))).join("");
  return path.split("/").map(part).join("/");
}

export function mount(main, { api, route, go }) {
  const { name } = route;
  const pick = h("select", { "aria-label": "As of" }, h("option", { value: "" }, "As it is now"));
  const crumbs = h("nav", { class: "crumbs", "aria-label": "Folder" });
  const list = h("div", { class: "panel listing" });
  const viewer = h("div", { class: "viewer" });
  main.append(h("div", { class: "row spread" }, crumbs, pick), h("div", { class: "browser" }, list, viewer));
  let query = asked(route);
  let listed = null;
  let turn = 0;

  const to = (more) => address(name, "files", { ...query, ...more });
  const url = (path, at) => ws(name, `/files/${encoded(path)}${at ? `?at=${encodeURIComponent(at)}` : ""}`);

  async function show() {
    const mine = ++turn;
    pick.value = query.at;
    drawCrumbs();
    const key = `${query.at} ${query.path}`;
    if (listed !== key) {
      list.replaceChildren(loading("Reading the folder…"));
      try {
        const found = await api.get(ws(name, `/files?path=${encoded(query.path)}${query.at ? `&at=${encodeURIComponent(query.at)}` : ""}`));
        if (mine !== turn) return;
        listed = key;
        list.replaceChildren(...listing(found));
      } catch (error) {
        if (mine === turn) list.replaceChildren(failed(error, show));
        listed = null;
      }
    }
    mark();
    await view(mine);
  }

  function drawCrumbs() {
    const parts = query.path.split("/").filter(Boolean);
    const links = parts.map((part, i) => [" / ", h("a", { href: to({ path: parts.slice(0, i + 1).join("/"), file: "" }) }, part)]);
    crumbs.replaceChildren(h("a", { href: to({ path: "", file: "" }) }, name), ...links.flat());
  }

  function listing({ items, more, left_out: left }) {
    if (!items.length && !left?.items) return [empty("This folder is empty")];
    const notes = [more && `${more} more are not listed`, left?.items && `${count(left.items, "item")} left out by the filter${left.secrets ? `, ${count(left.secrets, "secret")} among them` : ""}`];
    const up = query.path ? h("li", {}, h("a", { href: to({ path: query.path.split("/").slice(0, -1).join("/"), file: "" }) }, icon("back"), "Up")) : null;
    return [h("ul", { class: "file-list" }, up, items.map(row)), ...notes.filter(Boolean).map((text) => h("p", { class: "soft small" }, text))];
  }

  function row({ name: text, path, type, size, files, target }) {
    const sign = icon(SIGNS[type] ?? "file");
    const size_ = h("span", { class: "soft small num" }, type === "dir" ? count(files, "file") : type === "symlink" ? "" : bytes(size));
    if (type === "dir") return h("li", {}, h("a", { href: to({ path, file: "" }) }, sign, h("span", { class: "grow" }, text)), size_);
    if (type === "file") return h("li", { data: { path } }, h("a", { href: to({ file: path }) }, sign, h("span", { class: "grow" }, text)), size_);
    return h("li", {}, h("span", { class: "other" }, sign, h("span", { class: "grow" }, text, target ? ` → ${target}` : ` (${type})`)), size_);
  }

  function mark() {
    for (const item of list.querySelectorAll("li[data-path]")) {
      const link = item.firstElementChild;
      item.dataset.path === query.file ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    }
  }

  async function view(mine) {
    if (!query.file) return viewer.replaceChildren(h("p", { class: "soft state-note" }, icon("file"), "Choose a file to read it here."));
    const { file, at } = query;
    const save = h("button", { type: "button" }, icon("download"), "Download");
    save.addEventListener("click", () => busy(save, () => api.download(url(file, at), file.split("/").at(-1))));
    const head = h("div", { class: "row spread viewer-head" }, h("h2", {}, file), h("div", { class: "row" }, at ? null : h("span", { class: "soft small" }, "now"), save));
    viewer.replaceChildren(head, loading("Reading the file…"));
    try {
      const body = await beginning(url(file, at));
      if (mine === turn) viewer.replaceChildren(head, ...content(body));
    } catch (error) {
      if (mine === turn) viewer.replaceChildren(head, failed(error, () => view(mine)));
    }
  }

  // No more than what is shown is read of a large file.
  async function beginning(address_) {
    const end = new AbortController();
    const reader = (await api.raw("GET", address_, { signal: end.signal })).body.getReader();
    const parts = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { data: await new Blob(parts).arrayBuffer(), cut: false };
      parts.push(value);
      size += value.length;
      if (size > SHOWN_BYTES) {
        end.abort();
        return { data: (await new Blob(parts).arrayBuffer()).slice(0, SHOWN_BYTES), cut: true };
      }
    }
  }

  async function revisions() {
    try {
      const { items } = await api.get(ws(name, `/revisions?limit=${REVISIONS}`));
      pick.append(...items.map(({ seq, time, name: named, kind }) => h("option", { value: String(seq) }, `${seq} · ${when(time)} · ${named ?? kind}`)));
      if (query.at && ![...pick.options].some((option) => option.value === query.at)) pick.append(h("option", { value: query.at }, query.at));
      pick.value = query.at;
    } catch {
      pick.disabled = true;
    }
  }

  pick.addEventListener("change", () => go(to({ at: pick.value })));
  show();
  revisions();
  return {
    moved(now) {
      query = asked(now);
      show();
    },
    unmount: () => { turn = -1; },
  };
}

function asked({ query }) {
  const file = query.get("file") ?? "";
  const folder = query.get("path") ?? file.split("/").slice(0, -1).join("/");
  return { path: folder, file, at: query.get("at") ?? "" };
}

function content({ data, cut }) {
  const text = asText(new Uint8Array(data), cut);
  if (text === null) return [empty("This is not a text", `${bytes(data.byteLength)}${cut ? " and more" : ""}. Download it to look at it.`)];
  if (!text) return [empty("This file is empty")];
  const note = cut ? [h("p", { class: "notice", data: { tone: "busy" } }, icon("info"), `Only the first ${bytes(SHOWN_BYTES)} are shown; the download has all of it.`)] : [];
  const lines = text.split("\n").length;
  const numbers = h("pre", { class: "numbers", "aria-hidden": "true" }, Array.from({ length: lines }, (_, i) => i + 1).join("\n"));
  return [...note, h("div", { class: "code", tabindex: "0", role: "group", "aria-label": "Contents" }, numbers, h("pre", {}, text))];
}

function asText(data, cut) {
  if (data.subarray(0, 8192).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: !cut }).decode(data);
  } catch {
    return null;
  }
}
