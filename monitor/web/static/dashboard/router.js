// The address after `#` and the view it names: `#/w/shop/files?path=src` is { view: "workspace", name: "shop", tab: "files", query }.
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decode);
  const given = new URLSearchParams(query);
  if (parts.length === 0) return { view: "overview", query: given };
  if (parts[0] === "w" && parts[1] && parts.length <= 3) return { view: "workspace", name: parts[1], tab: parts[2] ?? "log", query: given };
  if (parts.length === 1 && (parts[0] === "new" || parts[0] === "system")) return { view: parts[0], query: given };
  return { view: "nowhere", query: given };
}

export function path(name, tab = "", query = {}) {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  const text = words.toString();
  return `#/w/${encodeURIComponent(name)}${tab && tab !== "log" ? `/${tab}` : ""}${text ? `?${text}` : ""}`;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const go = (address) => { location.hash = address; };

// Change the address without a new view (a filter, a search): a reload and a copied link bring the same back.
export const note = (address) => history.replaceState(null, "", address);
