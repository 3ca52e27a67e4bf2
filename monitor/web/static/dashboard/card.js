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
  const name = card.querySelector(".name");
  name.textContent = state.name;
  name.href = state.url;
  card.querySelector(".host").href = state.host_url;
  put(".icon", state.icon && [...state.icon].length <= 2 ? state.icon : state.name[0].toUpperCase());
  put(".phase", state.phase);
  put(".description", state.description);
  put(".reason", state.reason);
  put(".hint", state.phase === "serving" ? "" : state.hint);
  put(".changing", state.progress.at(-1) ?? state.changing);
  put(".type", `${state.type} — why`);
  put(".sync", keeping(state.sync));
  const why = card.querySelector(".why ul");
  why.replaceChildren(...[...state.evidence, ...state.warnings].map(item));
  showFailure(card, state.failure, put);
  const running = state.phase === "serving" || state.phase === "starting";
  card.querySelector("[data-do=start]").hidden = running;
  card.querySelector("[data-do=stop]").hidden = state.phase === "stopped";
  card.querySelector("[data-do=restart]").hidden = !running;
}

function item(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

function showFailure(card, failure, put) {
  card.querySelector(".evidence").hidden = !failure;
  if (!failure) return;
  const listens = failure.listening.length ? `It listens on ${failure.listening.join(", ")}. ` : "";
  const again = failure.retry_at ? `Next try at ${new Date(failure.retry_at).toLocaleTimeString()}.` : "";
  put(".listening", listens + again);
  put(".last", (failure.log.length ? failure.log : failure.before).slice(-20).join("\n"));
}

function keeping(sync) {
  if (sync.waiting) return sync.waiting;
  if (sync.error) return `Not kept yet (${sync.pending} pending): ${sync.error}`;
  if (!sync.kept_at) return sync.pending ? `Keeping ${sync.pending} files…` : "";
  const pending = sync.pending ? `, ${sync.pending} pending` : "";
  return `Kept at ${new Date(sync.kept_at).toLocaleTimeString()}${pending}`;
}
