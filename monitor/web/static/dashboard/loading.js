// A page that lost a part on its way here is loaded again. Browsers break off everything under way when an interface of
// the machine comes or goes ("network changed"), and where Docker runs, each container that starts brings one.
// An ordinary script, before all others: a module that did not arrive cannot mend itself.
(() => {
  const KEY = "slipway-loaded-again";
  const MOST = 15;
  const WAIT_MS = 300;
  const LONGEST_WAIT_MS = 4000;
  const tries = () => Number(sessionStorage.getItem(KEY) ?? 0);
  let again = 0;

  addEventListener("error", ({ target }) => {
    const part = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel !== "icon");
    if (!part || again || tries() >= MOST) return;
    sessionStorage.setItem(KEY, tries() + 1);
    again = setTimeout(() => location.reload(), Math.min(LONGEST_WAIT_MS, WAIT_MS * 2 ** tries()));
  }, true);
  addEventListener("load", () => again || sessionStorage.removeItem(KEY));
})();
