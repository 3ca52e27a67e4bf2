// Which workspaces are shown, and in which order: words, phase, type, sort.
import { ORDER } from "../phases.js";

const byName = (a, b) => (a.name < b.name ? -1 : 1);
const rank = ({ phase }) => ORDER.indexOf(phase);

// Each: [what people read, compare(a, b, usage)]
export const SORTS = {
  name: ["Name", byName],
  phase: ["Phase", (a, b) => rank(a) - rank(b) || byName(a, b)],
  type: ["Type", (a, b) => (a.type === b.type ? byName(a, b) : a.type < b.type ? -1 : 1)],
  kept: ["Last kept", (a, b) => (b.sync.kept_at ?? "").localeCompare(a.sync.kept_at ?? "") || byName(a, b)],
  cpu: ["CPU", (a, b, usage) => (usage.get(b.name)?.cpu_cores ?? -1) - (usage.get(a.name)?.cpu_cores ?? -1) || byName(a, b)],
  memory: ["Memory", (a, b, usage) => (usage.get(b.name)?.memory ?? -1) - (usage.get(a.name)?.memory ?? -1) || byName(a, b)],
};

export const read = (query) => ({
  words: query.get("q") ?? "", phase: query.get("phase") ?? "", type: query.get("type") ?? "",
  sort: query.get("sort") in SORTS ? query.get("sort") : "name",
});

export function written({ words, phase, type, sort }) {
  const query = new URLSearchParams();
  if (words) query.set("q", words);
  if (phase) query.set("phase", phase);
  if (type) query.set("type", type);
  if (sort !== "name") query.set("sort", sort);
  return `#/${query.size ? `?${query}` : ""}`;
}

export function fits(state, { words, phase, type }) {
  if (phase && state.phase !== phase) return false;
  if (type && state.type !== type) return false;
  if (!words) return true;
  const text = `${state.name} ${state.folder} ${state.type} ${state.phase} ${state.description}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
