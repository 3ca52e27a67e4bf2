// The token: taken from the login link once, kept for this tab only, sent as a header and never in a URL.
const KEY = "slipway-token";

export function takeFromLink() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
}

export const token = () => sessionStorage.getItem(KEY);
export const keep = (value) => sessionStorage.setItem(KEY, value);
export const forget = () => sessionStorage.removeItem(KEY);

export async function call(method, path) {
  const response = await fetch(path, { method, headers: { Authorization: `Bearer ${token()}` } });
  const body = await response.json();
  if (!response.ok) {
    const { message, hint } = body.error;
    throw Object.assign(new Error(hint ? `${message}: ${hint}` : message), { status: response.status });
  }
  return body;
}
