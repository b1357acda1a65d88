/* The level of the microphone, as a bar and in words. */

import { show } from "./elements.js";
import { say } from "./language.js";
import { level } from "./pcm.js";

const FLOOR_DB = -60;
const LOUD_PEAK = 0.99;
const TOLD_MILLISECONDS = 250; // words change no faster, so that they can be read

/** One meter of the page. */
export class Meter {
  /** @param {HTMLElement} element With a bar and words inside. */
  constructor(element) {
    this.element = element;
    this.bar = element.querySelector(".meter-bar span");
    this.words = element.querySelector(".meter-words");
    this.told = 0;
    this.peak = 0;
  }

  /** Show it, empty, or hide it. */
  show(isShown) {
    show(this.element, isShown);
    this.bar.style.setProperty("--share", 0);
    this.words.textContent = "";
  }

  /** Show the level of a block of samples. */
  tell(block) {
    const { decibels, peak } = level(block);
    this.peak = Math.max(this.peak, peak);
    const held = Math.max(FLOOR_DB, Math.min(0, decibels));
    this.bar.style.setProperty("--share", 1 - held / FLOOR_DB);
    if (performance.now() - this.told > TOLD_MILLISECONDS) this.say(held);
  }

  say(decibels) {
    this.told = performance.now();
    const isLoud = this.peak >= LOUD_PEAK;
    this.peak = 0;
    this.element.classList.toggle("loud", isLoud);
    const value = say("meter.value", { decibels: String(Math.round(decibels)).replace("-", "−") });
    this.words.textContent = isLoud ? say("meter.loud") : decibels <= FLOOR_DB ? say("meter.quiet") : value;
    this.element.ariaValueNow = Math.round(decibels);
    this.element.ariaValueText = this.words.textContent;
  }
}
