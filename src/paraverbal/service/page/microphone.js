/* The microphone, as it is: whatever browsers do to voices is switched off, and it is said what stays on. */

const CHANGES = ["noiseSuppression", "echoCancellation", "autoGainControl"];

// An audio thread that stands still, because the sound device went away, does not answer.
const STOP_MILLISECONDS = 1000;

// Name of the browser's error -> key of the words for it.
const FAULTS = {
  NotAllowedError: "microphone.refused",
  SecurityError: "microphone.refused",
  NotFoundError: "microphone.missing",
  OverconstrainedError: "microphone.missing",
  NotReadableError: "microphone.taken",
  AbortError: "microphone.taken",
};

/** Why there is no microphone: a key of the dictionaries, and what stands in its words. */
export class MicrophoneFault extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** An open microphone. */
export class Microphone {
  /**
   * Open it.
   * @param {{block: Function, gone: Function}} told `block` is called with Float32Array samples in -1..1, `gone` if the
   *   microphone is taken away.
   * @throws {MicrophoneFault}
   */
  static async open(told) {
    if (!window.isSecureContext) throw new MicrophoneFault("microphone.insecure", { host: location.host });
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      throw new MicrophoneFault("microphone.unsupported");
    }
    const context = new AudioContext();
    try {
      const off = Object.fromEntries(CHANGES.map((name) => [name, false]));
      const media = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, ...off } });
      const microphone = new Microphone(context, media, told);
      await microphone.start();
      return microphone;
    } catch (error) {
      await context.close();
      if (error instanceof MicrophoneFault) throw error;
      throw new MicrophoneFault(FAULTS[error.name] ?? "microphone.failed", { reason: error.message });
    }
  }

  constructor(context, media, told) {
    this.context = context;
    this.media = media;
    this.told = told;
    [this.track] = media.getAudioTracks();
    this.track.onended = () => told.gone();
  }

  /** Samples a second. */
  get rate() {
    return this.context.sampleRate;
  }

  /** What the browser did not switch off: `{kept, unknown}`, names of constraints. */
  get changes() {
    const settings = this.track.getSettings();
    return {
      kept: CHANGES.filter((name) => settings[name] !== undefined && settings[name] !== false),
      unknown: CHANGES.filter((name) => settings[name] === undefined),
    };
  }

  async start() {
    await this.context.audioWorklet.addModule(new URL("./recorder_worklet.js", import.meta.url)).catch(() => {
      this.track.stop();
      throw new MicrophoneFault("microphone.offline");
    });
    this.recorder = new AudioWorkletNode(this.context, "recorder", { channelCount: 1, channelCountMode: "explicit" });
    this.stopped = new Promise((resolve) => {
      this.recorder.port.onmessage = ({ data }) => (data === null ? resolve() : this.told.block(data));
    });
    this.context.createMediaStreamSource(this.media).connect(this.recorder);
    this.recorder.connect(this.context.destination); // silent; a node that leads nowhere may not be run
    await this.context.resume();
  }

  /** Close it; the samples up to now have been told when this is done. */
  async stop() {
    this.track.onended = null;
    this.recorder.port.postMessage("stop");
    await Promise.race([this.stopped, new Promise((resolve) => setTimeout(resolve, STOP_MILLISECONDS))]);
    this.track.stop();
    await this.context.close();
  }
}
