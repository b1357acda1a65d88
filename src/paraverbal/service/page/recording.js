/* Recording with the microphone: a button that starts and ends it, a meter, and a WAV file that is sent. */

import { find } from "./elements.js";
import { onLanguage, say } from "./language.js";
import { Meter } from "./meter.js";
import { Microphone } from "./microphone.js";
import { clearMicrophoneNote, tellChanges, tellMicrophoneFault } from "./microphone_note.js";
import { wav } from "./pcm.js";

const MOST_SECONDS = 600; // as much as the service takes by default

/** The panel that records. */
export class RecordingView {
  /**
   * @param {{recorded: Function, begun: Function, held: Function}} told `recorded` is called with the File, `begun` before
   *   recording begins, `held` with whether the microphone is on.
   */
  constructor(told) {
    this.told = told;
    this.microphone = null;
    this.isBusy = false;
    this.meter = new Meter(find("record-meter"));
    this.button = find("record");
    this.status = "";
    this.button.addEventListener("click", () => (this.microphone === null ? this.start() : this.stop()));
    onLanguage(() => this.render());
  }

  async start() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.told.begun();
    this.blocks = [];
    this.samples = 0;
    clearMicrophoneNote();
    this.say("microphone.asking");
    try {
      const told = { block: (block) => this.take(block), gone: () => this.stop("microphone.gone") };
      this.microphone = await Microphone.open(told);
      tellChanges(this.microphone.changes);
    } catch (error) {
      tellMicrophoneFault(error);
    } finally {
      this.isBusy = false;
      this.say("");
    }
    this.meter.show(this.microphone !== null);
  }

  take(block) {
    this.blocks.push(block);
    this.samples += block.length;
    this.meter.tell(block);
    this.renderTime();
    if (this.samples >= MOST_SECONDS * this.microphone?.rate && !this.isBusy) this.stop("record.full");
  }

  /** End it and send what there is. */
  async stop(key = "") {
    if (this.microphone === null || this.isBusy) return;
    this.isBusy = true;
    await this.microphone.stop();
    const { rate } = this.microphone;
    this.microphone = null;
    this.isBusy = false;
    this.meter.show(false);
    this.say(this.samples === 0 ? "record.empty" : key);
    if (this.samples > 0) this.told.recorded(new File([wav(this.blocks, rate)], `${fileName()}.wav`, { type: "audio/wav" }));
    this.blocks = [];
  }

  say(key) {
    this.status = key;
    this.render();
  }

  render() {
    find("record-note").textContent = say("record.note", { minutes: MOST_SECONDS / 60 });
    find("record-status").textContent = this.status === "" ? "" : say(this.status);
    this.button.textContent = say(this.microphone === null ? "record.start" : "record.stop");
    this.told.held(this.microphone !== null);
    this.renderTime();
  }

  renderTime() {
    const seconds = this.microphone === null ? 0 : this.samples / this.microphone.rate;
    const words = say("record.time", { seconds: say("seconds", { number: seconds.toFixed(1) }) });
    find("record-time").textContent = this.microphone === null ? "" : words;
  }
}

/** A name that says when it was recorded: `recording 2026-01-31 17-05-09`. */
function fileName() {
  const now = new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString();
  return `${say("record.name")} ${now.slice(0, 19).replace("T", " ").replaceAll(":", "-")}`;
}
