/*
Runs on the audio thread: gathers the microphone's samples into blocks and posts them. Told to stop, it posts the rest, and
null.
*/

const BLOCK_SAMPLES = 2048;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK_SAMPLES);
    this.filled = 0;
    this.isRunning = true;
    this.port.onmessage = () => this.stop();
  }

  process([[samples]]) {
    if (samples === undefined || !this.isRunning) return this.isRunning;
    for (const sample of samples) {
      this.block[this.filled] = sample;
      this.filled += 1;
      if (this.filled === BLOCK_SAMPLES) this.post();
    }
    return true;
  }

  post() {
    const block = this.block.slice(0, this.filled);
    this.port.postMessage(block, [block.buffer]);
    this.filled = 0;
  }

  stop() {
    this.post();
    this.port.postMessage(null);
    this.isRunning = false;
  }
}

registerProcessor("recorder", Recorder);
