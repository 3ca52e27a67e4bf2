// The live state: everything the stream has told, kept equal to the monitor; a lost connection heals by itself.
import { token } from "./access.js";

const REFUSED = 1008;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10000;
const NOTICES = 200;
const JOBS = 500;

const readers = new Set();
let end = () => {};

// Read it, never write to it. `events` are the newest last, each with the `at` it arrived.
export const live = {
  connection: "out", // out, connecting, live, lost
  known: false, // whether the whole state has come at least once
  workspaces: new Map(),
  unnamed: [],
  banners: {},
  jobs: new Map(),
  events: [],

  // `reader(event)` is called after the state took in each event; also `{type: "connection"}`. Returns how to leave.
  subscribe(reader) {
    readers.add(reader);
    return () => readers.delete(reader);
  },
};

function tell(event) {
  for (const reader of [...readers]) reader(event);
}

function connection(state) {
  if (live.connection === state) return;
  live.connection = state;
  tell({ type: "connection", connection: state });
}

const take = {
  state(event) {
    live.known = true;
    live.workspaces = new Map(event.workspaces.map((state) => [state.name, state]));
    live.unnamed = event.unnamed ?? [];
    live.banners = event.banners ?? {};
  },
  workspace: ({ workspace }) => live.workspaces.set(workspace.name, workspace),
  removed: ({ name }) => live.workspaces.delete(name),
  unnamed: ({ unnamed }) => { live.unnamed = unnamed; },
  banners: ({ banners }) => { live.banners = banners; },
  job({ job }) {
    live.jobs.delete(job.id);
    live.jobs.set(job.id, job);
    if (live.jobs.size > JOBS) live.jobs.delete(live.jobs.keys().next().value);
  },
};

function apply(event) {
  const before = event.type === "workspace" ? live.workspaces.get(event.workspace.name) : undefined;
  take[event.type]?.(event);
  if (event.type === "notice") {
    live.events.push({ ...event, at: Date.now() });
    if (live.events.length > NOTICES) live.events.shift();
  }
  tell(before ? { ...event, before } : event);
}

// Begin to follow; `onRefused(why)` where the token is not (or no longer) good.
export function follow(onRefused) {
  end();
  let socket;
  let timer;
  let wait = FIRST_WAIT_MS;
  let over = false;

  const connect = () => {
    clearTimeout(timer);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: token() }));
    socket.onmessage = (message) => {
      if (over) return;
      const event = JSON.parse(message.data);
      apply(event);
      if (event.type !== "state") return;
      wait = FIRST_WAIT_MS;
      connection("live");
    };
    socket.onclose = (event) => {
      if (over) return;
      if (event.code === REFUSED) return onRefused(event.reason);
      connection("lost");
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };
  const now = () => socket.readyState === WebSocket.CLOSED && !over && connect();
  const seen = () => document.visibilityState === "visible" && now();
  addEventListener("online", now);
  document.addEventListener("visibilitychange", seen);
  connection("connecting");
  connect();
  end = () => {
    over = true;
    clearTimeout(timer);
    removeEventListener("online", now);
    document.removeEventListener("visibilitychange", seen);
    socket.close();
  };
}

// Leave and forget everything: nothing is shown to whoever is not signed in.
export function leave() {
  end();
  Object.assign(live, { known: false, workspaces: new Map(), unnamed: [], banners: {}, jobs: new Map(), events: [] });
  connection("out");
}
