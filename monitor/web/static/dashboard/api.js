// The REST API: JSON in, JSON out, and every failure one `ApiError` with a message and a hint for people.
import { token } from "./access.js";

const AGAIN_MS = 200;

export class ApiError extends Error {
  constructor(message, { hint = "", reason = "error", status = 0 } = {}) {
    super(message);
    Object.assign(this, { hint, reason, status });
  }
}

// `body` is sent as JSON; a Blob, a File or FormData as it is. `signal` ends the request. Returns the response, once good.
export async function raw(method, path, { body, signal, headers = {} } = {}) {
  const plain = body === undefined || body instanceof Blob || body instanceof FormData;
  const kind = plain ? {} : { "Content-Type": "application/json" };
  const options = { method, signal, body: plain ? body : JSON.stringify(body), headers: { Authorization: `Bearer ${token()}`, ...kind, ...headers } };
  const response = await asked(path, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiError("Slipway does not answer.", { hint: "It is asked again as soon as the connection is back.", reason: "away" });
  });
  if (response.ok) return response;
  const { error = {} } = await response.json().catch(() => ({}));
  const { message = `The answer was ${response.status}.`, hint, reason } = error;
  throw new ApiError(message, { hint, reason, status: response.status });
}

// What only reads is asked once more: the browser breaks requests off when a container brings or takes a network.
const asked = (path, options) => fetch(path, options).catch(async (error) => {
  if (options.method !== "GET" || error.name === "AbortError") throw error;
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  return fetch(path, options);
});

const json = async (method, path, options) => (await raw(method, path, options)).json();

export const api = {
  raw,
  get: (path, options) => json("GET", path, options),
  post: (path, body, options) => json("POST", path, { ...options, body }),
  put: (path, body, options) => json("PUT", path, { ...options, body }),
  patch: (path, body, options) => json("PATCH", path, { ...options, body }),
  delete: (path, options) => json("DELETE", path, options),

  // Save an answer as a file: fetched with the token, which a plain link could not carry.
  async download(path, name) {
    save(await (await raw("GET", path)).blob(), name);
  },

  // Wait for a job: `tell(job)` for every change; returns its result, throws its error.
  async done(job, live, tell = () => {}) {
    for (;;) {
      tell(job);
      if (job.state === "done") return job.result;
      if (job.state === "cancelled") throw new ApiError("It was cancelled.", { reason: "cancelled" });
      if (job.state === "failed") throw new ApiError(job.error?.message ?? "It failed.", job.error ?? {});
      job = await nextOf(job, live);
    }
  },
};

// The next change of a job by the live stream; asked for as well, because a stream may have been away meanwhile.
function nextOf(job, live) {
  return new Promise((resolve, reject) => {
    const over = (result, error) => {
      leave();
      clearTimeout(timer);
      error ? reject(error) : resolve(result);
    };
    const leave = live.subscribe((event) => event.type === "job" && event.job.id === job.id && over(event.job));
    const timer = setTimeout(() => json("GET", `/api/jobs/${job.id}`).then(over, (error) => over(null, error)), 2000);
  });
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export const ws = (name, rest = "") => `/api/workspaces/${encodeURIComponent(name)}${rest}`;
