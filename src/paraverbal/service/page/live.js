/* Live mode: the microphone goes to the service's stream, and every answer is shown as it comes. */

import { save, json } from "./download.js";
import { csv } from "./csv.js";
import { find } from "./elements.js";
import { onLanguage, say } from "./language.js";
import { LiveAnswers } from "./live_answers.js";
import { Meter } from "./meter.js";
import { Microphone } from "./microphone.js";
import { clearMicrophoneNote, tellChanges, tellMicrophoneFault } from "./microphone_note.js";
import { littleEndian, sixteenBits } from "./pcm.js";
import { Stream } from "./stream.js";

const MOST_WAITING_SECONDS = 10; // of sound that the connection has not taken yet

/** The panel that listens. */
export class LiveView {
  /**
   * @param {{model: Function, begun: Function, held: Function}} told `model` returns the query that asks for the chosen model,
   *   `begun` is called before listening begins, `held` with whether it listens.
   */
  constructor(told) {
    this.told = told;
    this.microphone = null;
    this.stream = null;
    this.isBusy = false;
    this.status = () => "";
    this.detail = "";
    this.wasLost = false;
    this.meter = new Meter(find("live-meter"));
    this.answers = new LiveAnswers();
    find("live").addEventListener("click", () => (this.stream === null ? this.start() : this.finish()));
    find("live-json").addEventListener("click", () => save(json(this.answers.document()), "live.json", "application/json"));
    find("live-csv").addEventListener("click", () => save(csv(this.answers.document()), "live.csv", "text/csv"));
    onLanguage(() => this.render());
  }

  async start() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.told.begun();
    clearMicrophoneNote();
    this.say(() => say("microphone.asking"));
    try {
      const told = { block: (block) => this.take(block), gone: () => this.finish() };
      this.microphone = await Microphone.open(told);
      tellChanges(this.microphone.changes);
      this.connect();
    } catch (error) {
      this.say(() => "");
      tellMicrophoneFault(error);
    } finally {
      this.isBusy = false;
      this.render();
    }
  }

  connect() {
    this.answers.clear();
    this.meter.show(true);
    this.wasLost = false;
    this.say(() => say("live.connecting"));
    this.rate = this.microphone.rate;
    this.stream = new Stream({ ...this.told.model(), rate: this.rate }, {
      ready: (message) => this.ready(message),
      estimate: (estimate) => this.answers.add(estimate),
      ended: () => this.ended(),
      failed: ({ kind, detail }) => this.fail(`live.${kind}`, detail),
    });
  }

  ready(ready) {
    this.answers.begin(ready);
    const { rate, window_seconds: number } = ready;
    this.say(() => say("live.listening", { rate, window: say("seconds", { number }) }));
  }

  take(block) {
    this.meter.tell(block);
    if (this.stream === null) return;
    this.stream.send(littleEndian(sixteenBits(block)));
    const waiting = this.stream.waiting / 2 / this.rate;
    if (waiting > MOST_WAITING_SECONDS) this.fail("live.slow", "", { seconds: say("seconds", { number: Math.round(waiting) }) });
  }

  /** Take no more sound, and wait for the last answers; told so once more, wait no longer. */
  async finish() {
    if (this.isBusy) return;
    if (this.microphone === null) {
      this.stream.abandon();
      this.ended();
      return;
    }
    this.isBusy = true;
    this.say(() => say("live.finishing"));
    await this.closeMicrophone();
    this.stream?.finish();
    this.isBusy = false;
  }

  fail(key, detail, values = {}) {
    this.stream?.abandon();
    this.wasLost = true;
    this.end(() => [say(key, values), detail && say("fault.details") + detail].filter(Boolean).join(" "));
  }

  ended() {
    const { count } = this.answers;
    this.end(() => say("live.ended", { count }));
  }

  end(status) {
    this.stream = null;
    this.say(status);
    this.answers.end();
    this.closeMicrophone();
  }

  async closeMicrophone() {
    const { microphone } = this;
    this.microphone = null;
    this.meter.show(false);
    await microphone?.stop();
  }

  say(status) {
    this.status = status;
    this.render();
  }

  render() {
    find("live-status").textContent = this.status();
    const key = this.stream !== null ? "live.stop" : this.wasLost ? "live.again" : "live.start";
    find("live").textContent = say(key);
    this.told.held(this.stream !== null);
  }
}
