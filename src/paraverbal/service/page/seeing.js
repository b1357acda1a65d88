/* From a file to what can be seen of it: decoded by the browser, measured by a worker, a few columns at a time. */

import { BANDS, SAMPLING_RATE, mixed } from "./outline.js";
import { wav } from "./pcm.js";

/** Why a recording is not drawn: a key of the dictionaries. */
export class SeeingFault extends Error {}

// Seconds, and bytes, beyond which decoding would take more memory than a page should: an hour at 16 kHz is 230 MB.
const MOST_SECONDS = 3600;
const MOST_BYTES = 1e9;

/** What can be seen of one recording; `stop` ends it early. */
export class Seeing {
  /**
   * @param {File} file
   * @param {number} seconds Its length, as the player found it.
   * @param {Function} grown Called whenever there are more columns.
   */
  constructor(file, seconds, grown) {
    this.outline = null;
    this.channels = null;
    this.isDone = false;
    this.isStopped = false;
    this.grown = grown;
    this.finished = this.run(file, seconds);
  }

  async run(file, seconds) {
    if (seconds > MOST_SECONDS || file.size > MOST_BYTES) throw new SeeingFault("time.long");
    const channels = await decoded(file);
    if (this.isStopped) return;
    this.channels = channels;
    this.worker = new Worker(new URL("./outline_worker.js", import.meta.url), { type: "module" });
    await new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => this.take(data, resolve);
      this.worker.onerror = () => reject(new SeeingFault("time.unseen"));
      this.worker.postMessage({ channels });
    });
    this.stop();
  }

  take(message, done) {
    if (message.columns !== undefined) this.outline = emptyOutline(message.columns);
    else if (message.done) done();
    else {
      this.outline.lowest.set(message.lowest, message.first);
      this.outline.highest.set(message.highest, message.first);
      this.outline.levels.set(message.levels, message.first * BANDS);
      this.grown();
    }
  }

  /** The recording as a WAV file, mono, at the rate that is drawn; null if it is not decoded. */
  wav() {
    return this.channels === null ? null : wav([mixed(this.channels)], SAMPLING_RATE);
  }

  /** Compute no more. */
  stop() {
    this.isStopped = true;
    this.worker?.terminate();
  }
}

function emptyOutline(columns) {
  return {
    columns,
    lowest: new Float32Array(columns),
    highest: new Float32Array(columns),
    levels: new Float32Array(columns * BANDS).fill(-Infinity),
  };
}

async function decoded(file) {
  try {
    // An offline context decodes to its own rate, beside the page.
    const buffer = await new OfflineAudioContext(1, 1, SAMPLING_RATE).decodeAudioData(await file.arrayBuffer());
    return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
  } catch {
    throw new SeeingFault("time.undecoded");
  }
}
