/* The HTTP interface of the service. A token, where one is needed, stays in this module and is gone with the page. */

let token = "";

/** What the service, or the way to it, said no with. */
export class ServiceFault extends Error {
  /**
   * @param {number} status Of HTTP; 0 if there was no answer.
   * @param {string} detail The service's own sentence, in English; may be empty.
   * @param {number} retryAfter Seconds after which to try again; 0 if it does not say.
   */
  constructor(status, detail = "", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/** Use this token from now on. */
export function setToken(given) {
  token = given;
}

/** The token in use, or an empty text. */
export function currentToken() {
  return token;
}

/** The address of a part of the interface, beside the page. */
export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** The models that the service has: `[{name, labels, dimensions, sampling_rate, window_seconds, licence, card, default}]`. */
export async function models() {
  return (await answer("v1/models", {}, {})).models;
}

/**
 * Send a recording.
 * @param {"predict" | "timeline" | "saliency"} task
 * @param {Object<string, File | string>} fields `file`, and `text` for a model that reads what is said.
 * @param {Object<string, string>} query
 * @param {AbortSignal} signal
 */
export function send(task, fields, query, signal) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return answer(`v1/${task}`, query, { method: "POST", body, signal });
}

async function answer(path, query, request) {
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  let response;
  try {
    response = await fetch(address(path, query), { ...request, headers, cache: "no-store" });
    if (response.ok) return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceFault(response?.status ?? 0);
  }
  throw await fault(response);
}

async function fault(response) {
  const problem = await response.json().catch(() => ({}));
  const detail = typeof problem.detail === "string" ? problem.detail : "";
  return new ServiceFault(response.status, detail || (problem.title ?? ""), Number(response.headers.get("Retry-After")) || 0);
}
