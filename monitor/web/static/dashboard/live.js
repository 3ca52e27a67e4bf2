// The live connection: whole state first, then changes; a lost one is shown and heals by itself.
import { token } from "./access.js";

const REFUSED = 1008;

export function follow({ onEvent, onState, onRefused }) {
  let wait = 500;
  const connect = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: token() }));
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (event.type === "state") {
        wait = 500;
        onState("live");
      }
      onEvent(event);
    };
    socket.onclose = (event) => {
      if (event.code === REFUSED) return onRefused();
      onState("lost");
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 10000);
    };
  };
  connect();
}
