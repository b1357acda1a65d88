/* That something is under way, for how long, and a button to end it. */

import { find, show } from "./elements.js";
import { say } from "./language.js";

/** One piece of work at a time. */
export class Progress {
  constructor() {
    this.timer = 0;
    this.controller = null;
    find("progress-cancel").addEventListener("click", () => this.controller?.abort());
  }

  /**
   * Show what is done.
   * @param {AbortController} controller What "Cancel" aborts.
   */
  start(key, values, controller) {
    this.stop();
    this.controller = controller;
    const begun = performance.now();
    const tick = () => {
      const seconds = say("seconds", { number: Math.floor((performance.now() - begun) / 1000) });
      find("progress-time").textContent = say("progress.elapsed", { seconds });
    };
    find("progress-words").textContent = say(key, values);
    tick();
    this.timer = setInterval(tick, 1000);
    show(find("progress"), true);
  }

  /** Show nothing. */
  stop() {
    clearInterval(this.timer);
    find("progress-words").textContent = "";
    show(find("progress"), false);
  }
}
