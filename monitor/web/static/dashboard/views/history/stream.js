// Whose history is looked at: a workspace's source, or with `data` what its app keeps in the data volume.
import { ws } from "../../api.js";
import { path } from "../../router.js";

// { name, data, key, title, url(rest), link(query) }; `key` is what the API calls it among histories: `shop`, `shop.data`.
export const stream = (name, data = false) => ({
  name, data,
  key: data ? `${name}.data` : name,
  title: data ? `the data of ${name}` : name,
  url: (rest) => ws(name, data ? `${rest}${rest.includes("?") ? "&" : "?"}data=true` : rest),
  link: (query = {}) => path(name, "history", data ? { data: "true", ...query } : query),
});

export const named = (key) => stream(key.replace(/\.data$/, ""), key.endsWith(".data"));
