// From this computer: one archive, or a folder's files, sent in one request whose progress is shown.
import { token } from "../../access.js";
import { ApiError } from "../../api.js";
import { h, icon } from "../../dom.js";
import { bytes, count } from "../../format.js";
import { bar } from "../../ui.js";
import { chosen, dropped, nameOf } from "./gather.js";

// An element that takes files, and `send(name)` which makes the workspace of them; `ready(name)` is told what came.
export function upload(context, ready) {
  let given = null;
  let request = null;
  const progress = bar("Sending");
  progress.element.hidden = true;
  const said = h("p", { class: "row", role: "status" });
  const input = (label, sign, more) => {
    const field = h("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true", ...more, on: { change: () => take(chosen(field.files)) } });
    return [h("button", { type: "button", on: { click: () => field.click() } }, icon(sign), label), field];
  };
  const zone = h("div", { class: "drop" },
    icon("upload"), h("p", {}, h("b", {}, "Drop a folder, files or an archive here")),
    h("div", { class: "row" }, input("Choose a folder", "folder", { webkitdirectory: true, multiple: true, name: "folder" }), input("Choose an archive or files", "file", { multiple: true, name: "files" })),
    h("p", { class: "soft small" }, "zip, tar or tar.gz; up to 512 MB, 20,000 files and 1 GB unpacked. node_modules, .git and virtual environments are left out of folders: what they hold is installed anew."));
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", async (event) => {
    over(false)(event);
    try {
      take(await dropped(event.dataTransfer));
    } catch (error) {
      context.toast(error);
    }
  });

  function take(found) {
    if (!found.archive && !found.files.length) return void context.toast(new ApiError("There is no file in it.", { hint: "choose a folder that has files" }));
    given = found;
    const size = found.archive ? found.archive.size : found.files.reduce((sum, { file }) => sum + file.size, 0);
    const what = found.archive ? found.archive.name : count(found.files.length, "file");
    said.replaceChildren(icon("ok"), h("b", {}, what), h("span", { class: "soft" }, bytes(size)), found.left?.length ? h("span", { class: "soft" }, `· left out: ${found.left.join(", ")}`) : "");
    ready(nameOf(found));
  }

  function send(name) {
    if (!given) throw new ApiError("Nothing is chosen yet.", { hint: "drop a folder or an archive, or choose one" });
    progress.element.hidden = false;
    progress.show("Sending…");
    return new Promise((resolve, reject) => {
      // fetch() tells nothing of how much has been sent.
      request = new XMLHttpRequest();
      request.open("POST", `/api/import?name=${encodeURIComponent(name)}`);
      request.setRequestHeader("Authorization", `Bearer ${token()}`);
      request.upload.addEventListener("progress", ({ loaded, total }) => progress.show(loaded === total ? "Unpacking…" : `${bytes(loaded)} of ${bytes(total)}`, loaded, total));
      request.addEventListener("load", () => finish(request, resolve, reject));
      request.addEventListener("error", () => reject(new ApiError("The connection broke off; nothing was made.", { hint: "send it again" })));
      request.addEventListener("abort", () => reject(new ApiError("It was cancelled; nothing was made.")));
      request.send(bodyOf(request));
    }).finally(() => {
      progress.element.hidden = true;
      request = null;
    });
  }

  function bodyOf(asked) {
    if (given.archive) {
      asked.setRequestHeader("Content-Type", "application/octet-stream");
      return given.archive;
    }
    const form = new FormData();
    for (const { path, file } of given.files) form.append("file", file, path);
    return form;
  }

  return { element: h("div", { class: "stack" }, zone, said, progress.element), send, take, cancel: () => request?.abort() };
}

function finish(request, resolve, reject) {
  let body = {};
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // Said below by its status.
  }
  if (request.status === 201) return resolve(body);
  const { message = `The answer was ${request.status}.`, hint, reason } = body.error ?? {};
  reject(new ApiError(message, { hint, reason, status: request.status }));
}
