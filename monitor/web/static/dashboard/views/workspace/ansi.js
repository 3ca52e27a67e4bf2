// Terminal colours as classes: a line of text with SGR sequences becomes spans; everything else is text, whatever it says.
// ECMA-48 8.3.117; colours beyond the sixteen are shown as the nearest of them.
const SGR = /\x1b\[([0-9;:]*)m/g;
const STYLES = { 1: "bold", 2: "dim", 3: "italic", 4: "under", 7: "invert", 9: "strike" };
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["under"], 27: ["invert"], 29: ["strike"] };
const PALETTE = [
  [0, 0, 0], [187, 0, 0], [0, 160, 0], [170, 130, 0], [30, 80, 220], [170, 40, 170], [0, 150, 170], [200, 200, 200],
  [100, 100, 100], [255, 85, 85], [80, 220, 80], [240, 220, 60], [100, 140, 255], [255, 110, 255], [80, 230, 230], [255, 255, 255],
];

// `line` as nodes; `pen` carries colours from one line to the next, as a terminal does.
export function nodes(line, pen = newPen()) {
  const found = [];
  let at = 0;
  for (const match of line.matchAll(SGR)) {
    add(found, line.slice(at, match.index), pen);
    apply(pen, match[1]);
    at = match.index + match[0].length;
  }
  add(found, line.slice(at), pen);
  return found;
}

export const newPen = () => ({ fore: "", back: "", styles: new Set() });

export const bare = (line) => line.replace(SGR, "");

function add(found, text, { fore, back, styles }) {
  if (!text) return;
  const classes = [fore, back, ...styles].filter(Boolean);
  if (!classes.length) return void found.push(document.createTextNode(text));
  const span = document.createElement("span");
  span.className = classes.join(" ");
  span.textContent = text;
  found.push(span);
}

function apply(pen, codes) {
  const list = (codes || "0").split(/[;:]/).map(Number);
  for (let i = 0; i < list.length; i += 1) {
    const code = list[i];
    if (code === 0) Object.assign(pen, newPen());
    else if (STYLES[code]) pen.styles.add(STYLES[code]);
    else if (ENDS[code]) ENDS[code].forEach((style) => pen.styles.delete(style));
    else if (code === 38 || code === 48) {
      const [number, used] = extended(list, i + 1);
      pen[code === 38 ? "fore" : "back"] = number === null ? "" : `${code === 38 ? "f" : "b"}${number}`;
      i += used;
    } else if (code === 39) pen.fore = "";
    else if (code === 49) pen.back = "";
    else if (code >= 30 && code <= 37) pen.fore = `f${code - 30}`;
    else if (code >= 90 && code <= 97) pen.fore = `f${code - 82}`;
    else if (code >= 40 && code <= 47) pen.back = `b${code - 40}`;
    else if (code >= 100 && code <= 107) pen.back = `b${code - 92}`;
  }
}

// `5;N` of 256 colours, or `2;R;G;B`: the nearest of the sixteen, and how many numbers that took.
function extended(list, at) {
  if (list[at] === 5) return [of256(list[at + 1] ?? 0), 2];
  if (list[at] === 2) return [nearest(list.slice(at + 1, at + 4)), 4];
  return [null, 0];
}

function of256(number) {
  if (number < 16) return number;
  if (number >= 232) return nearest(Array(3).fill(8 + (number - 232) * 10));
  const cube = number - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => (step ? 55 + step * 40 : 0)));
}

function nearest(rgb) {
  const far = PALETTE.map((colour) => colour.reduce((sum, part, i) => sum + (part - (rgb[i] ?? 0)) ** 2, 0));
  return far.indexOf(Math.min(...far));
}
