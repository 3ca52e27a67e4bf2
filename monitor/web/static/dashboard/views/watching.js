// What costs something to know is asked for the cards on the screen only: CPU and memory, the last snapshot.
import { ws } from "../api.js";
import { showSnapshot, showUsage } from "./card.js";

const USAGE_MS = 3000;
const AT_ONCE = 100;
const SNAPSHOT_JOBS = new Set(["snapshot", "restore", "retention"]);

export function watching({ api, live }, cards, changed) {
  const seen = new Set();
  const usage = new Map();
  const snapshots = new Map();
  const queue = [];
  let asking = false;
  let over = false;
  let able = true;

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      isIntersecting ? seen.add(target) : seen.delete(target);
      if (isIntersecting) wantSnapshot(target.dataset.name);
    }
  }, { rootMargin: "100px" });

  async function sample() {
    if (document.visibilityState !== "visible" || live.connection !== "live" || !able) return;
    const names = [...seen].map((card) => card.dataset.name).filter((name) => /serving|starting/.test(live.workspaces.get(name)?.phase));
    if (!names.length) return;
    try {
      const { items } = await api.get(`/api/usage?names=${names.slice(0, AT_ONCE).map(encodeURIComponent).join(",")}`);
      if (over) return;
      for (const name of names) {
        usage.set(name, items[name]);
        if (cards.has(name)) showUsage(cards.get(name), items[name]);
      }
      changed();
    } catch (error) {
      able = error.status !== 404;
    }
  }

  function wantSnapshot(name) {
    if (snapshots.has(name)) return;
    snapshots.set(name, null);
    queue.push(name);
    next();
  }

  async function next() {
    if (asking || over || !queue.length) return;
    asking = true;
    const name = queue.shift();
    try {
      const { items } = await api.get(ws(name, "/snapshots"));
      snapshots.set(name, items[0] ?? null);
      if (cards.has(name)) showSnapshot(cards.get(name), items[0]);
    } catch {
      if (cards.has(name)) showSnapshot(cards.get(name), null);
    }
    asking = false;
    next();
  }

  const leave = live.subscribe((event) => {
    if (event.type === "state" && !over) setTimeout(sample, 200);
    if (event.type !== "job" || event.job.state !== "done" || !SNAPSHOT_JOBS.has(event.job.kind)) return;
    snapshots.delete(event.job.workspace);
    if (seen.has(cards.get(event.job.workspace))) wantSnapshot(event.job.workspace);
  });
  const timer = setInterval(sample, USAGE_MS);
  setTimeout(sample, 300);
  return {
    seen,
    usage,
    add: (card) => observer.observe(card),
    remove(card) {
      observer.unobserve(card);
      seen.delete(card);
    },
    end() {
      over = true;
      leave();
      clearInterval(timer);
      observer.disconnect();
    },
  };
}
