// The live connection: whole state first, then changes; a lost one is shown and heals by itself.
import { token } from "./access.js";

const REFUSED = 1008;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10000;

export function follow({ onEvent, onState, onRefused }) {
  let socket;
  let timer;
  let wait = FIRST_WAIT_MS;
  let over = false;

  const connect = () => {
    clearTimeout(timer);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: token() }));
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (event.type === "state") {
        wait = FIRST_WAIT_MS;
        onState("live");
      }
      onEvent(event);
    };
    socket.onclose = (event) => {
      if (over) return;
      if (event.code === REFUSED) return onRefused(event.reason);
      onState("lost");
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };
  const now = () => socket.readyState === WebSocket.CLOSED && !over && connect();
  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && now());
  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    socket.close();
  };
}
