// A dialog whose content and buttons change on the way: a question, then progress, then what came of it.
import { h } from "../../dom.js";

let number = 0;

// { body, footer, show(content, buttons), close() }; `buttons`: elements. Escape and the backdrop close it, `over` is told.
export function modal(title, { wide = false, over = () => {} } = {}) {
  const head = h("h2", { id: `modal-${(number += 1)}` }, title);
  const body = h("div", { class: "dialog-body" });
  const footer = h("footer", {});
  const box = h("dialog", { class: `dialog${wide ? " wide" : ""}`, "aria-labelledby": head.id }, h("header", {}, head), body, footer);
  const close = () => box.close();
  box.addEventListener("close", () => {
    box.remove();
    over();
  });
  box.addEventListener("click", (event) => event.target === box && close());
  document.body.append(box);
  box.showModal();
  return {
    box, body, footer, close,
    show(content, buttons) {
      body.replaceChildren(...[content].flat(2).filter(Boolean));
      if (buttons) footer.replaceChildren(...buttons.filter(Boolean));
    },
  };
}

export const closer = (text, box) => h("button", { type: "button", on: { click: () => box().close() } }, text);
