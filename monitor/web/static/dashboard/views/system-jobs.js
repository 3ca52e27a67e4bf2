// Long work: what is under way with its progress and a way to end it, and how the newest ended.
import { h, hide, icon, keyed, say } from "../dom.js";
import { ago, sentence } from "../format.js";
import { busy, pill } from "../ui.js";

const OVER = { done: ["good", "ok"], failed: ["bad", "warn"], cancelled: ["off", "stop"] };
const SHOWN = 20;

export function jobs({ api, live }) {
  const list = h("ul", { class: "jobs" });
  const none = h("p", { class: "soft" }, "Nothing was asked for yet.");
  const show = () => {
    const newest = [...live.jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, SHOWN);
    hide(none, newest.length > 0);
    keyed(list, newest, (job) => job.id, (job) => make(job, api), update);
  };
  let leave = () => {};
  return {
    title: "Jobs", id: "sys-jobs", element: h("div", {}, none, list),
    async begin() {
      leave = live.subscribe((event) => (event.type === "job" || event.type === "state") && show());
      show();
      try {
        for (const job of (await api.get("/api/jobs")).items) if (!live.jobs.has(job.id)) live.jobs.set(job.id, job);
        show();
      } catch { /* The stream brings the ones to come; older ones are a convenience. */ }
    },
    end: () => leave(),
  };
}

function make(job, api) {
  const cancel = h("button", { type: "button", class: "small", data: { needs: "operate" } }, "Cancel");
  cancel.addEventListener("click", () => busy(cancel, () => api.delete(`/api/jobs/${job.id}`)));
  const progress = h("progress", { max: "1", "aria-label": `${job.kind} ${job.workspace}` });
  return h("li", {},
    h("div", { class: "row" }, h("strong", {}, `${sentence(job.kind)} ${job.workspace}`), h("span", { class: "state" }), h("span", { class: "soft small grow" }, ago(job.created_at)), cancel),
    progress, h("p", { class: "small said" }));
}

function update(element, job) {
  const over = OVER[job.state];
  const shown = element.querySelector(".state");
  if (shown.dataset.state !== job.state) {
    shown.dataset.state = job.state;
    const [tone, sign] = over ?? ["busy", "starting"];
    shown.replaceChildren(pill(job.state, tone, sign));
  }
  const { text = "", done = null, total = null } = job.progress ?? {};
  const progress = element.querySelector("progress");
  hide(progress, Boolean(over));
  hide(element.querySelector("button"), Boolean(over));
  if (total) progress.value = done / total;
  else progress.removeAttribute("value");
  say(element.querySelector(".said"), job.error ? `${job.error.message} ${job.error.hint ? `Try: ${job.error.hint}` : ""}` : over ? "" : sentence(text));
}
