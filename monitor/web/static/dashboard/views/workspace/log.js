// The live log: follows over restarts and replaced instances; can be paused, searched, saved. Text is always text.
import { save, ws } from "../../api.js";
import { attr, h, hide, icon, put } from "../../dom.js";
import { when } from "../../format.js";
import { bare, newPen, nodes } from "./ansi.js";

const AGAIN_MS = 900;
const AWAY_MS = 5000;
const CHUNK = 200;
const CHUNKS = 25;
const AT_END_PX = 40;

export function mount(main, { api, live, route, toast }) {
  const { name } = route;
  let after = "";
  let paused = false;
  let follow = true;
  let over = false;
  let timer = 0;
  let words = "";
  let pen = newPen();
  let printed = 0;

  const search = h("input", { type: "search", placeholder: "Search the log", "aria-label": "Search the log", autocomplete: "off", spellcheck: "false", data: { search: "" } });
  const found = h("span", { class: "soft small num", role: "status" });
  const following = h("button", { type: "button", "aria-pressed": "true", title: "Keep the newest line in sight" }, icon("download"), "Follow");
  const pausing = h("button", { type: "button", "aria-pressed": "false" }, icon("pause"), "Pause");
  const wrap = h("button", { type: "button", "aria-pressed": "true", title: "Break long lines" }, "Wrap");
  const saving = h("button", { type: "button" }, icon("download"), "Download");
  const says = h("p", { class: "soft small log-says", role: "status" });
  const out = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": `Log of ${name}`, "aria-live": "off" });
  const none = h("p", { class: "soft" }, "Nothing was printed yet.");
  out.append(none);
  main.append(h("div", { class: "row log-tools" }, h("label", { class: "search grow" }, icon("search"), search), found, following, pausing, wrap, saving), out, says);

  const end = () => follow && (out.scrollTop = out.scrollHeight);
  const matches = (line) => !words || line.text.toLowerCase().includes(words);

  function add(texts, kind = "") {
    none.remove();
    for (const text of texts) {
      if (!out.lastElementChild || out.lastElementChild.childElementCount >= CHUNK) {
        out.append(h("div", { class: "chunk" }));
        if (out.childElementCount > CHUNKS) out.firstElementChild.remove();
      }
      const line = h("div", { class: kind ? `line ${kind}` : "line" }, kind ? text : nodes(text, pen));
      line.text = bare(text);
      line.hidden = !matches(line);
      out.lastElementChild.append(line);
    }
    printed += texts.length;
  }

  async function read() {
    clearTimeout(timer);
    if (over || paused) return;
    try {
      const now = await api.get(ws(name, `/output?lines=1000&after=${encodeURIComponent(after)}`));
      if (over || paused) return;
      if (now.began) {
        pen = newPen();
        if (after) add([`── instance ${now.generation} since ${now.started_at ? when(now.started_at) : "now"} ──`], "mark");
      }
      if (now.skipped) add(["── more was printed than is shown here: some lines are left out ──"], "mark");
      if (now.lines.length) {
        add(now.lines);
        count();
        end();
      }
      after = now.after;
      put(says, now.generation ? `Instance ${now.generation}${now.started_at ? `, since ${when(now.started_at)}` : ""}` : every().length ? "Nothing runs now; these are the last lines of what did." : "Nothing runs now.");
    } catch (error) {
      put(says, `${error.message} It is tried again by itself.`);
    }
    if (!over) timer = setTimeout(read, document.visibilityState === "visible" && live.connection === "live" ? AGAIN_MS : AWAY_MS);
  }

  const every = () => [...out.querySelectorAll(".line")];

  function count() {
    put(found, words ? `${every().filter((line) => !line.hidden && !line.classList.contains("mark")).length} found` : "");
  }

  search.addEventListener("input", () => {
    words = search.value.trim().toLowerCase();
    for (const line of every()) hide(line, !matches(line));
    count();
    end();
  });
  following.addEventListener("click", () => {
    follow = !follow;
    attr(following, "aria-pressed", String(follow));
    end();
  });
  pausing.addEventListener("click", () => {
    paused = !paused;
    attr(pausing, "aria-pressed", String(paused));
    pausing.replaceChildren(icon(paused ? "play" : "pause"), paused ? "Continue" : "Pause");
    if (paused) put(says, "Paused: what is printed meanwhile follows when it goes on.");
    else read();
  });
  wrap.addEventListener("click", () => attr(wrap, "aria-pressed", String(!out.classList.toggle("unwrapped"))));
  saving.addEventListener("click", () => {
    const text = every().map((line) => line.text).join("\n");
    save(new Blob([`${text}\n`], { type: "text/plain" }), `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.log`);
    toast(`${every().length} lines are saved.`);
  });
  out.addEventListener("scroll", () => {
    const atEnd = out.scrollHeight - out.scrollTop - out.clientHeight < AT_END_PX;
    if (atEnd === follow) return;
    follow = atEnd;
    attr(following, "aria-pressed", String(follow));
  });
  const seen = () => document.visibilityState === "visible" && read();
  document.addEventListener("visibilitychange", seen);
  read();
  return () => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
