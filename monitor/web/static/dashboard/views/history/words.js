// Kinds, grades and flags of revisions in plain words, each with its sign.
import { named } from "./stream.js";

const KINDS = {
  change: ["Saved", "file"],
  manual: ["Kept by hand", "pin"],
  scheduled: ["Kept on schedule", "history"],
  "before-restore": ["Before a restore", "back"],
  restore: ["Restored", "restart"],
  displaced: ["Saved during a restore", "copy"],
  "before-run": ["Before a command", "terminal"],
  fork: ["Forked", "branch"],
  pull: ["Pulled from git", "download"],
  "mass-delete": ["Many files gone", "warn"],
  deleted: ["Folder deleted", "trash"],
  repack: ["Repacked", "disk"],
};
const FLAGS = {
  "clock-back": "The clock of the machine had been set back.",
  "mass-delete": "Many files were gone at once.",
  renumbered: "It was written while the store was away, and got a later number.",
  "content-lost": "The bytes of some files could not be kept; the revision after it has them again, where they were still there.",
  merged: "It stands for several saves that were merged while the store was away.",
};

export const kind = (revision) => {
  const [text, sign] = KINDS[revision.kind] ?? [revision.kind, "info"];
  const { from } = revision;
  if (revision.kind === "fork" && from) return [`Forked from ${named(from.workspace).title}, revision ${from.seq}`, sign];
  if (revision.kind === "restore" && from) return [`Restored revision ${from.seq}`, sign];
  return [text, sign];
};

export const flags = (revision) => revision.flags.map((flag) => FLAGS[flag] ?? flag);

export function grade(revision) {
  if (revision.grade === "settled") return "Settled: every file was read at rest.";
  const paths = revision.unstable ?? [];
  const which = paths.length ? ` Not at rest: ${paths.slice(0, 5).join(", ")}${paths.length > 5 ? " …" : ""}.` : "";
  return `Busy: some files were being written while it was kept.${which}`;
}

export const WHAT = {
  added: ["Added", "+"], removed: ["Removed", "−"], changed: ["Changed", "±"], renamed: ["Renamed", "→"],
  mode: ["Permissions", "rwx"], type: ["Another kind", "≠"],
};

export const mode = (bits) => (bits ?? 0).toString(8).padStart(4, "0");
