// The log of one workspace in a dialog: read anew while it is open, following the end unless scrolled away.
import { call } from "./access.js";

const AGAIN_MS = 2000;
const dialog = document.getElementById("log");
const text = dialog.querySelector("pre");
let shown = "";

export async function showLog(name) {
  shown = name;
  document.getElementById("log-title").textContent = `Log of ${name}`;
  text.textContent = "loading…";
  dialog.showModal();
  while (dialog.open && shown === name) {
    await read(name);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function read(name) {
  const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 30;
  let now;
  try {
    const { lines } = await call("GET", `/api/workspaces/${encodeURIComponent(name)}/logs?lines=1000`);
    now = lines.join("\n") || "Nothing was printed yet.";
  } catch (error) {
    now = error.message;
  }
  if (shown !== name || text.textContent === now) return;
  text.textContent = now;
  if (atEnd) text.scrollTop = text.scrollHeight;
}

dialog.addEventListener("close", () => { shown = ""; });
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || "close" in event.target.dataset) dialog.close();
});
