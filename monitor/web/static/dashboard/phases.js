// The phases: their tone, order and what a person may ask for in each. A pill says them by sign and word.
import { attr, h, icon, put } from "./dom.js";

export const ORDER = ["failed", "starting", "serving", "detected", "stopped", "parked", "archived"];
const TONES = { serving: "good", starting: "busy", failed: "bad" };

export const phasePill = () => h("span", { class: "pill phase" }, h("span", { class: "sign" }), h("span", { class: "word" }));

export function showPhase(pill, { phase }) {
  if (pill.dataset.phase === phase) return;
  attr(pill, "data-phase", phase);
  attr(pill, "data-tone", TONES[phase] ?? "off");
  pill.querySelector(".sign").replaceChildren(icon(phase));
  put(pill.querySelector(".word"), phase);
}

// The initial, or the one sign a workspace chose for itself.
export const initial = ({ icon: chosen, name }) => ([...(chosen ?? "")].length === 1 ? chosen : name[0].toUpperCase());

export function possible({ phase, type }) {
  const running = phase === "serving" || phase === "starting";
  const nothing = type === "unknown";
  return { start: !running && !nothing, restart: running, stop: phase !== "stopped" && !nothing };
}

// How far keeping is, in a sentence; `trouble` where a person should look.
export function keeping(sync, ago) {
  const files = `${sync.pending} ${sync.pending === 1 ? "file" : "files"}`;
  if (sync.waiting) return { text: sync.waiting, trouble: true };
  if (sync.error) return { text: `${files} not kept: ${sync.error}`, trouble: true };
  if (!sync.kept_at) return { text: sync.pending ? `Keeping ${files}…` : "Nothing kept yet", trouble: false };
  return { text: `Kept ${ago(sync.kept_at)}${sync.pending ? `, ${files} to go` : ""}`, trouble: false };
}

// Under the label "Kept": "3 min ago", "not yet".
export const shortly = (text) => text.replace(/^Kept /, "").replace(/^Nothing kept yet$/, "not yet");

export const lag = (sync) => (sync.mirror_lag_s >= 1 ? `mirror ${Math.round(sync.mirror_lag_s)} s behind` : "");
