/* What went wrong, in plain words, with a way to go on. */

import { find, make, show } from "./elements.js";
import { onLanguage, say } from "./language.js";
import { ServiceFault, setToken } from "./service.js";

const SAID = new Set([0, 400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503]);
const BUSY = 429;
const NO_TOKEN = 401;

/** Shows one fault at a time, and asks for a token where the service wants one. */
export class FaultView {
  /** @param {{renewed: Function}} told Called when a token was given. */
  constructor(told) {
    this.fault = null;
    this.again = () => {};
    find("fault-again").addEventListener("click", () => this.retry());
    find("fault-close").addEventListener("click", () => this.clear());
    find("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      setToken(find("token").value.trim());
      this.retry();
      told.renewed();
    });
    onLanguage(() => this.render());
  }

  /**
   * Show a fault of the service; anything else is thrown on.
   * @param {Error} error
   * @param {Function} again What "Try again" does.
   */
  tell(error, again) {
    if (!(error instanceof ServiceFault)) throw error;
    this.fault = error;
    this.again = again;
    this.render();
    if (error.status === NO_TOKEN) find("token").focus();
  }

  /** Show none. */
  clear() {
    this.fault = null;
    this.render();
  }

  retry() {
    this.clear();
    this.again();
  }

  render() {
    const isToken = this.fault?.status === NO_TOKEN;
    show(find("fault"), this.fault !== null);
    show(find("fault-again"), this.fault !== null && canPass(this.fault.status));
    show(find("token-form"), isToken);
    if (this.fault === null) return;
    find("fault-words").textContent = faultWords(this.fault);
    const { detail } = this.fault;
    const said = detail === "" ? [] : [say("fault.details"), make("span", { lang: "en" }, detail)];
    find("fault-detail").replaceChildren(...said);
  }
}

/** Whether the same request may be answered later. */
function canPass(status) {
  return status === 0 || status === 408 || status === BUSY || status >= 500;
}

/** A fault in a sentence. */
export function faultWords({ status, retryAfter }) {
  if (status === BUSY && retryAfter > 0) return say("fault.429.after", { seconds: retryAfter });
  return SAID.has(status) ? say(`fault.${status}`) : say("fault.other", { status });
}
