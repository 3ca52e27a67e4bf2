// Below a path prefix: addresses that a page's own scripts make ("/api/items", "/socket") get the prefix as its links
// did. Only what begins at this origin's root is changed; links, images and navigation are the page's own affair.
(() => {
  "use strict";
  const { prefix } = document.currentScript.dataset;
  const { host } = location;

  const home = (address) => {
    let url;
    try {
      url = new URL(address, document.baseURI);
    } catch {
      return address;
    }
    if (url.host !== host || !/^(https?|wss?):$/.test(url.protocol)) return address;
    if (`${url.pathname}/`.startsWith(`${prefix}/`) || url.pathname.startsWith("/_slipway/")) return address;
    url.pathname = prefix + url.pathname;
    return url.href;
  };
  const text = (address) => (typeof address === "string" || address instanceof URL ? home(String(address)) : address);

  const replace = (owner, name, make) => {
    const original = owner?.[name];
    if (typeof original === "function") owner[name] = make(original);
  };

  replace(window, "fetch", (original) => (input, init) => {
    if (!(input instanceof Request)) return original.call(window, text(input), init);
    const there = home(input.url);
    return original.call(window, there === input.url ? input : new Request(there, input), init);
  });
  replace(XMLHttpRequest.prototype, "open", (original) =>
    function open(method, address, ...rest) {
      return original.call(this, method, text(address), ...rest);
    });
  replace(Navigator.prototype, "sendBeacon", (original) =>
    function sendBeacon(address, data) {
      return original.call(this, text(address), data);
    });
  replace(window.ServiceWorkerContainer?.prototype, "register", (original) =>
    function register(address, options) {
      const scope = options?.scope === undefined ? {} : { scope: text(options.scope) };
      return original.call(this, text(address), { ...options, ...scope });
    });
  for (const name of ["WebSocket", "EventSource", "Worker", "SharedWorker"]) {
    replace(window, name, (Original) => class extends Original {
      constructor(address, ...rest) {
        super(text(address), ...rest);
      }
    });
    if (window[name]) Object.defineProperty(window[name], "name", { value: name });
  }
})();
