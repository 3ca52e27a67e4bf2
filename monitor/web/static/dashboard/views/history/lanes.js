// Where each mark of the timeline is drawn: as a commit graph, from the newest down, one lane for each line that is open.
//
// Marks have `seq` and `after` (the mark they descend from, null at a beginning). Returns for each: `lane`, `through`
// (lanes that pass), `joins` (lanes that end in this mark from above), `goesOn` (its own lane continues below).
export function lanes(marks) {
  const open = [];
  return marks.map((mark) => {
    const waiting = open.flatMap((seq, lane) => (seq === mark.seq ? [lane] : []));
    let lane = waiting[0];
    if (lane === undefined) {
      const free = open.indexOf(null);
      lane = free < 0 ? open.length : free;
    }
    const through = open.flatMap((seq, other) => (seq !== null && seq !== mark.seq ? [other] : []));
    for (const other of waiting) open[other] = null;
    open[lane] = mark.after;
    while (open.length && open[open.length - 1] === null) open.pop();
    return { lane, through, joins: waiting.filter((other) => other !== lane), begins: waiting.length === 0, goesOn: mark.after !== null };
  });
}

const SVG = "http://www.w3.org/2000/svg";
const STEP = 14;
const DOT = 18;
const MOST = 7;
const x = (lane) => 8 + Math.min(lane, MOST) * STEP;

function part(kind, attributes) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// The lanes of one row, as high as the row is; `named` marks are drawn as squares.
export function draw({ lane, through, joins, begins, goesOn }, width, named) {
  const room = x(Math.min(width, MOST + 1) - 1) + 8;
  const svg = part("svg", { width: room, height: "100%", "aria-hidden": "true" });
  for (const other of through) svg.append(part("line", { x1: x(other), x2: x(other), y1: 0, y2: "100%", class: `lane-${other % 4}` }));
  if (!begins) svg.append(part("line", { x1: x(lane), x2: x(lane), y1: 0, y2: DOT, class: `lane-${lane % 4}` }));
  if (goesOn) svg.append(part("line", { x1: x(lane), x2: x(lane), y1: DOT, y2: "100%", class: `lane-${lane % 4}` }));
  for (const other of joins) svg.append(part("path", { d: `M${x(other)} 0C${x(other)} ${DOT} ${x(lane)} 2 ${x(lane)} ${DOT}`, class: `lane-${other % 4}` }));
  const mark = named
    ? part("rect", { x: x(lane) - 5, y: DOT - 5, width: 10, height: 10, transform: `rotate(45 ${x(lane)} ${DOT})` })
    : part("circle", { cx: x(lane), cy: DOT, r: 4.5 });
  mark.setAttribute("class", `mark lane-${lane % 4}`);
  svg.append(mark);
  const box = document.createElement("span");
  box.className = "lanes";
  box.style.width = `${room}px`;
  box.append(svg);
  return box;
}
