// One workspace's card: made once, afterwards only what changed is touched.
const template = document.getElementById("card");

export function make() {
  return template.content.firstElementChild.cloneNode(true);
}

export function show(card, state) {
  const put = (selector, text) => {
    const element = card.querySelector(selector);
    if (element.textContent !== text) element.textContent = text;
  };
  card.dataset.phase = state.phase;
  card.dataset.name = state.name;
  put(".name", state.name);
  card.querySelector(".name").href = state.url;
  put(".icon", [...state.icon].length === 1 ? state.icon : state.name[0].toUpperCase());
  put(".phase", state.phase);
  put(".description", state.description);
  put(".reason", state.reason);
  put(".changing", changing(state));
  put(".hint", state.phase === "serving" ? "" : state.hint);
  put(".sync", keeping(state.sync));
  card.querySelector(".sync").dataset.trouble = Boolean(state.sync.error || state.sync.waiting);
  list(card.querySelector(".warnings"), state.warnings);
  showPrefix(card, state);
  showWhy(card, state);
  showFailure(card, state.failure, put);
  showActions(card, state);
}

export function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function list(element, texts) {
  const now = [...element.children].map((child) => child.textContent);
  if (now.join("\0") !== texts.join("\0")) element.replaceChildren(...texts.map((text) => line("li", text)));
  element.hidden = texts.length === 0;
}

function changing(state) {
  const text = state.progress.at(-1) ?? state.changing;
  return text === state.reason ? "" : text;
}

function showPrefix(card, { prefix, phase }) {
  const verdict = card.querySelector(".prefix");
  verdict.hidden = !prefix || phase !== "serving";
  if (verdict.hidden) return;
  verdict.open = prefix.ok === false && (verdict.open || verdict.dataset.ok !== "false");
  verdict.dataset.ok = prefix.ok;
  const summary = verdict.querySelector("summary");
  if (summary.textContent !== prefix.text) summary.textContent = prefix.text;
  const told = prefix.told && `Told by ${prefix.told}${prefix.hop ? "; its answers are put right on the way" : ""}`;
  list(verdict.querySelector("ul"), [...prefix.failed, prefix.ok === true ? "" : prefix.hint, told].filter(Boolean));
}

function showWhy(card, { type, evidence }) {
  const why = card.querySelector(".why");
  const text = type === "unknown" ? "Unknown type" : `Why ${type}?`;
  const summary = why.querySelector("summary");
  if (summary.textContent !== text) summary.textContent = text;
  list(why.querySelector("ul"), evidence);
  why.hidden = evidence.length === 0;
}

function showFailure(card, failure, put) {
  const evidence = card.querySelector(".evidence");
  if (failure && evidence.hidden) evidence.open = true;
  evidence.hidden = !failure;
  if (!failure) return;
  const parts = [failure.reason];
  if (failure.listening.length) parts.push(`it listens on ${failure.listening.join(", ")}`);
  if (failure.retry_at) parts.push(`next try at ${clock(failure.retry_at)}`);
  put(".listening", parts.join("; "));
  const last = (failure.log.length ? failure.log : failure.before).slice(-20).join("\n");
  put(".last", last);
  card.querySelector(".last").hidden = !last;
}

function showActions(card, { name, phase, type, host_url }) {
  const running = phase === "serving" || phase === "starting";
  const nothing = type === "unknown";
  const hide = { start: running || nothing, restart: !running, stop: phase === "stopped" || nothing, logs: nothing };
  for (const [verb, hidden] of Object.entries(hide)) {
    const button = card.querySelector(`[data-do=${verb}]`);
    button.hidden = hidden;
    button.setAttribute("aria-label", verb === "logs" ? `Log of ${name}` : `${button.textContent} ${name}`);
  }
  const host = card.querySelector(".host");
  host.hidden = phase !== "serving" || !URL.canParse(host_url);
  if (host.hidden) return;
  host.href = host_url;
  host.textContent = new URL(host_url).hostname;
  host.title = "The same workspace at an address of its own";
}

function keeping(sync) {
  if (sync.waiting) return sync.waiting;
  const files = `${sync.pending} file${sync.pending === 1 ? "" : "s"}`;
  if (sync.error) return `${files} not kept yet: ${sync.error}`;
  if (!sync.kept_at) return sync.pending ? `keeping ${files}…` : "";
  return `Kept ${clock(sync.kept_at)}${sync.pending ? `, ${files} to go` : ""}`;
}

function clock(moment) {
  const date = new Date(moment);
  const time = date.toLocaleTimeString([], { timeStyle: "medium" });
  const today = date.toDateString() === new Date().toDateString();
  return today ? time : `${date.toLocaleDateString([], { dateStyle: "medium" })}, ${time}`;
}
