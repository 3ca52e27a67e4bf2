// Files that were chosen or dropped, folders entered, with the path of each; what is installed anew is left out.
export const LEFT_OUT = new Set(["node_modules", ".git", ".venv", "venv", "__pycache__", ".DS_Store", "__MACOSX", ".next", ".cache"]);
const MOST = 20000;
const ARCHIVE = /\.(zip|tar|tar\.gz|tgz)$/i;

export const isArchive = (file) => ARCHIVE.test(file.name);

// { archive } for one archive alone, else { files: [{ path, file }], left: [folder names] }.
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0 && transfer.files.length) return chosen(transfer.files);
  if (entries.length === 1 && entries[0].isFile && isArchive(entries[0])) return { archive: await fileOf(entries[0]) };
  const found = { files: [], left: new Set() };
  for (const entry of entries) await walk(entry, "", found);
  return { files: found.files, left: [...found.left] };
}

export function chosen(list) {
  const given = [...list];
  if (given.length === 1 && !given[0].webkitRelativePath && isArchive(given[0])) return { archive: given[0] };
  const left = new Set();
  const files = [];
  for (const file of given) {
    const path = file.webkitRelativePath || file.name;
    const out = path.split("/").find((part) => LEFT_OUT.has(part));
    if (out) left.add(out);
    else files.push({ path, file });
  }
  return { files, left: [...left] };
}

async function walk(entry, below, found) {
  if (LEFT_OUT.has(entry.name)) return void found.left.add(entry.name);
  const path = below + entry.name;
  if (found.files.length > MOST) throw new Error(`There are more than ${MOST.toLocaleString()} files: copy the folder into workspaces/ instead.`);
  if (entry.isFile) return void found.files.push({ path, file: await fileOf(entry) });
  const reader = entry.createReader();
  // It answers with a hundred at a time, and with none at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, `${path}/`, found);
  }
}

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

// The name a thing would get: that of the one folder, or of the archive.
export function nameOf({ archive, files }) {
  if (archive) return archive.name.replace(ARCHIVE, "");
  const tops = new Set(files.map(({ path }) => path.split("/")[0]));
  return tops.size === 1 && files[0].path.includes("/") ? [...tops][0] : "site";
}
