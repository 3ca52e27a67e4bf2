// Numbers and moments as people read them, in their own language and zone.
const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(count) {
  if (count === null || count === undefined) return "";
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;

export function when(moment) {
  const date = new Date(moment);
  const time = date.toLocaleTimeString([], { timeStyle: "medium" });
  const today = date.toDateString() === new Date().toDateString();
  return today ? time : `${date.toLocaleDateString([], { dateStyle: "medium" })}, ${time}`;
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 1 : 0)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

// "3 min ago"; the exact moment belongs into a title.
export function ago(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(moment).getTime()) / 1000);
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

export const sentence = (text) => (!text ? "" : /^[\w-]+\.\w/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));
