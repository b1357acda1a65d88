/* The cursor over the picture and the slider below it: pointer and keyboard move both. */

import { find } from "./elements.js";
import { say } from "./language.js";
import { clock } from "./time.js";

const STEPS = 40; // of an arrow key over the whole, but none is longer than
const LONGEST_STEP = 5; // seconds
const LEAPS = 10; // of Page Up and Page Down

/** Moves the position and shows it. */
export class Seeker {
  /** @param {{seek: Function, layout: Function}} told `seek` is called with seconds; `layout` returns the picture's places. */
  constructor(told) {
    this.told = told;
    this.slider = find("seek");
    this.seconds = 0;
    this.slider.addEventListener("input", () => told.seek(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.press(event));
    const panels = find("panels");
    panels.addEventListener("pointerdown", (event) => {
      panels.setPointerCapture(event.pointerId);
      this.point(event);
    });
    panels.addEventListener("pointermove", (event) => panels.hasPointerCapture(event.pointerId) && this.point(event));
  }

  /** Show a position, and in words what is heard there. */
  move(seconds, end, heard, isPlaying) {
    this.seconds = seconds;
    const { ribbon: { x, width, to }, bottom } = this.told.layout();
    find("cursor").style.transform = `translateX(${x + (seconds / to) * width}px)`;
    find("cursor").style.height = `${bottom}px`;
    this.slider.max = end;
    this.slider.value = seconds;
    const values = { time: clock(seconds, end, 2), end: clock(end, end, 2), emotion: heard };
    find("now").textContent = say("time.position.emotion", values);
    // While it plays, a screen reader would never be done with telling the position.
    if (!isPlaying) this.slider.setAttribute("aria-valuetext", say("time.position.emotion", values));
  }

  point(event) {
    const { x, width, to } = this.told.layout().ribbon;
    const share = (event.clientX - find("panels").getBoundingClientRect().left - x) / width;
    this.told.seek(Math.max(0, Math.min(1, share)) * to);
  }

  press(event) {
    const end = Number(this.slider.max);
    const step = Math.min(LONGEST_STEP, end / STEPS);
    const moves = {
      ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: end / LEAPS, PageDown: -end / LEAPS,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.told.seek(Math.max(0, Math.min(end, this.seconds + moves[event.key])));
  }
}
