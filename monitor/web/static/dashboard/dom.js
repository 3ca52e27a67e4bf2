// Elements without innerHTML: text is always text, an address is always one a link may have.
const SVG = "http://www.w3.org/2000/svg";

// h("a", { class: "button", href, on: { click }, data: { name }, "aria-label": "…" }, "text", element, [more], null)
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "class") element.className = value;
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "on") for (const [kind, handler] of Object.entries(value)) element.addEventListener(kind, handler);
  else if (name === "href") to(element, value);
  else if (name === "value" || name === "checked" || name === "indeterminate") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

// Lead a link somewhere; an address a link must not have (`javascript:` …) leaves it without one.
export function to(link, address) {
  const good = /^(https?:\/\/|#|\/(?!\/))/i.test(address ?? "");
  if (!good) link.removeAttribute("href");
  else if (link.getAttribute("href") !== address) link.setAttribute("href", address);
}

// Change text only where it differs: nothing else of the page is touched.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// What is said to people, with what stands between backticks as code: for `h`, or by `say` in an element that is there.
const said = new WeakMap();
export function words(text) {
  const parts = String(text ?? "").split("`");
  return parts.length % 2 ? parts.map((part, at) => (at % 2 ? h("code", {}, part) : part)) : [text];
}

export function say(element, text) {
  if (said.get(element) === text) return;
  said.set(element, text);
  element.replaceChildren(...words(text));
}

export function attr(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

// Make a list's items equal to `texts`.
export function lines(list, texts, tag = "li") {
  const now = [...list.children].map((child) => child.textContent);
  if (now.join("\0") !== texts.join("\0")) list.replaceChildren(...texts.map((text) => h(tag, {}, text)));
  hide(list, texts.length === 0);
}

// Keep a container's children equal to `items`, by key: `make(item)` once, `show(element, item)` each time.
export function keyed(container, items, key, make, show = () => {}) {
  const had = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let at = container.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    let element = had.get(id);
    had.delete(id);
    if (!element) {
      element = make(item);
      element.dataset.key = id;
    }
    show(element, item);
    if (element === at) at = at.nextElementSibling;
    else container.insertBefore(element, at);
  }
  for (const gone of had.values()) gone.remove();
}

// Line icons of 16 units, drawn in the text's colour; always beside words, so hidden from screen readers.
const ICONS = {
  serving: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5 8.2l2.1 2.1L11.2 6",
  starting: "M8 1.5a6.5 6.5 0 1 1-6.2 4.6",
  failed: "M8 1.8 14.8 14H1.2ZM8 6.3v3.4M8 11.9v.1",
  stopped: "M3.5 3.5h9v9h-9Z",
  parked: "M5.5 3v10M10.5 3v10",
  archived: "M1.8 3h12.4v3H1.8ZM3 6v7h10V6M6.3 8.7h3.4",
  detected: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M8 11.6v.1",
  ok: "M2.5 8.5 6.3 12.3 13.5 4.5",
  warn: "M8 1.8 14.8 14H1.2ZM8 6.3v3.4M8 11.9v.1",
  info: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 7.2v4M8 4.7v.1",
  play: "M4.5 2.8v10.4L13 8Z",
  stop: "M3.5 3.5h9v9h-9Z",
  pause: "M5.5 3v10M10.5 3v10",
  restart: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.6 1.6v3.1h-3.1",
  search: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2ZM10.7 10.7 14.3 14.3",
  open: "M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13.3 2.7 7.8 8.2",
  download: "M8 2v8.2M4.6 7 8 10.4 11.4 7M2.5 13.5h11",
  folder: "M1.8 3.2h4.4l1.6 2h6.4v7.6H1.8Z",
  file: "M3.5 1.5h6l3 3v10h-9ZM9.3 1.7v3h3",
  link: "M6.7 9.3a2.8 2.8 0 0 0 4 0l2.3-2.3a2.8 2.8 0 0 0-4-4l-.9.9M9.3 6.7a2.8 2.8 0 0 0-4 0L3 9a2.8 2.8 0 0 0 4 4l.9-.9",
  theme: "M8 1.5a6.5 6.5 0 1 0 0 13ZM8 1.5a6.5 6.5 0 0 1 0 13",
  plus: "M8 2.5v11M2.5 8h11",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  back: "M9.8 3 4.8 8l5 5",
  history: "M2.5 8a5.5 5.5 0 1 0 1.7-4M2.4 1.6v3.1h3.1M8 5v3.3l2.2 1.4",
  gear: "M8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  trash: "M2.5 4h11M6 4V2.3h4V4M4 4l.6 10h6.8L12 4",
  pin: "M5 1.8h6l-1 4 2 2.4H4l2-2.4ZM8 8.2v6",
  tag: "M2 2h5.6L14 8.4 8.4 14 2 7.6ZM5 5v.1",
  branch: "M4.5 4.8v6.4M4.5 1.8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM4.5 11.2a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM11.5 3.3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM11.5 6.3c0 2.6-7 1.6-7 4.6",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  upload: "M8 11V2.6M4.6 6 8 2.6 11.4 6M2.5 13.5h11",
  key: "M5.2 7.3a3.2 3.2 0 1 0 0 .1ZM8.4 7.3h6v2.4M11.8 7.3v2",
  disk: "M2 8.5h12M2 8.5 4 3h8l2 5.5V13H2ZM11.5 10.8v.1",
  terminal: "M2 3.5 6 8l-4 4.5M7.5 13H14",
};

export function icon(name, label = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "ico");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.info);
  svg.append(path);
  return svg;
}
