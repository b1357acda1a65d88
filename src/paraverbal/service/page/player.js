/*
Plays the recording and knows where it is. Without a recording that the browser can play, the position still moves.

Browsers cannot go to every moment of every file (FLAC without a seek table): where one fails, what was decoded is played.
*/

import { find } from "./elements.js";

/** The one player of the page. */
export class Player {
  /**
   * @param {{moved: Function, changed: Function, decoded: Function}} told Called while the position moves, when playing starts
   *   or stops, and to get the recording as a WAV file, or null.
   */
  constructor(told) {
    this.audio = find("audio");
    this.told = told;
    this.isPlayable = false;
    this.place = 0;
    for (const event of ["play", "pause", "ended"]) this.audio.addEventListener(event, () => this.follow());
    this.audio.addEventListener("seeked", () => this.told.moved());
  }

  /**
   * Take a recording.
   * @returns {Promise<number>} Its seconds; NaN if the browser cannot play it.
   */
  open(file) {
    this.close();
    return new Promise((resolve) => {
      this.audio.onloadedmetadata = () => {
        this.isPlayable = true;
        resolve(this.audio.duration);
      };
      this.audio.onerror = () => (this.isPlayable ? this.rescue() : resolve(NaN));
      this.audio.src = URL.createObjectURL(file);
    });
  }

  /** The browser has failed on a file that it had begun to play: go on with what was decoded, if there is something. */
  rescue() {
    const [decoded, isWanted] = [this.told.decoded(), !this.audio.paused];
    URL.revokeObjectURL(this.audio.src);
    this.isPlayable = decoded !== null;
    this.audio.onerror = null;
    this.audio.onloadedmetadata = () => {
      this.audio.currentTime = this.place;
      if (isWanted) this.play();
    };
    if (decoded !== null) this.audio.src = URL.createObjectURL(decoded);
    this.told.changed();
  }

  /** Let the recording go. */
  close() {
    this.audio.pause();
    this.isPlayable = false;
    this.place = 0;
    if (this.audio.src !== "") URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  get isPlaying() {
    return this.isPlayable && !this.audio.paused && !this.audio.ended;
  }

  get seconds() {
    return this.isPlayable ? this.audio.currentTime : this.place;
  }

  /** Go to a moment. */
  seek(seconds) {
    this.place = seconds;
    if (this.isPlayable) this.audio.currentTime = seconds;
    this.told.moved();
  }

  /** Play, or stop playing. */
  async toggle() {
    if (this.isPlaying) {
      this.audio.pause();
      return;
    }
    await this.play();
  }

  async play() {
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") throw error; // stopped again before it began
    }
  }

  follow() {
    this.told.changed();
    if (!this.isPlaying) {
      this.told.moved();
      return;
    }
    this.told.moved();
    requestAnimationFrame(() => this.isPlaying && this.follow());
  }
}
