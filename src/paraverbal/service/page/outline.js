/* What can be seen of a recording: columns of least and greatest samples, and of levels in mel bands. */

import { Fourier, hann } from "./fourier.js";
import { melFilters } from "./mel.js";

// What is drawn is brought to this rate: 8 kHz is as high as a voice needs to be seen.
export const SAMPLING_RATE = 16000;
export const BANDS = 96;

// Frames of 40 ms, filled up with zeros: they resolve pitch and syllables alike.
const FRAME_SAMPLES = 640;
const FFT_SIZE = 1024;

const MOST_COLUMNS = 1600; // pixels of a wide screen, about
const COLUMN_SECONDS = 0.01; // of a short recording
const FRAMES_A_COLUMN = 4; // of a long one
const LEAST_HOP = COLUMN_SECONDS * SAMPLING_RATE;
const LEAST_POWER = 1e-12; // of silence, so that its level is a number

/** How many columns a recording of so many samples gets. */
export function columnsOf(sampleCount) {
  return Math.max(1, Math.min(MOST_COLUMNS, Math.floor(sampleCount / LEAST_HOP)));
}

/**
 * The mean of the channels.
 * @param {Float32Array[]} channels
 */
export function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, sample) => channels.reduce((sum, channel) => sum + channel[sample], 0) / channels.length);
}

/** The columns of one recording, computed a few at a time. */
export class Outline {
  /** @param {Float32Array} samples Mono, at SAMPLING_RATE. */
  constructor(samples) {
    this.samples = samples;
    this.columns = columnsOf(samples.length);
    this.fourier = new Fourier(FFT_SIZE);
    this.window = hann(FRAME_SAMPLES);
    this.filters = melFilters(SAMPLING_RATE, FFT_SIZE, BANDS);
    this.frame = new Float64Array(FFT_SIZE);
  }

  /**
   * Columns `first` to `first + count`.
   * @returns {{lowest: Float32Array, highest: Float32Array, levels: Float32Array}} Levels in dB, `[column, band]`.
   */
  part(first, count) {
    const lowest = new Float32Array(count);
    const highest = new Float32Array(count);
    const levels = new Float32Array(count * BANDS);
    for (let step = 0; step < count; step += 1) {
      const [start, end] = this.span(first + step);
      for (let sample = start; sample < end; sample += 1) {
        lowest[step] = Math.min(lowest[step], this.samples[sample]);
        highest[step] = Math.max(highest[step], this.samples[sample]);
      }
      levels.set(this.levels(start, end), step * BANDS);
    }
    return { lowest, highest, levels };
  }

  /** First sample of a column and that of the next. */
  span(column) {
    const perColumn = this.samples.length / this.columns;
    return [Math.floor(column * perColumn), Math.floor((column + 1) * perColumn)];
  }

  /** The mean level, in dB, of a few frames whose middles are spread over a column. */
  levels(start, end) {
    const frames = Math.max(1, Math.min(FRAMES_A_COLUMN, Math.floor((end - start) / LEAST_HOP)));
    const sum = new Float64Array(BANDS);
    for (let frame = 0; frame < frames; frame += 1) {
      this.add(Math.round(start + ((frame + 0.5) * (end - start)) / frames), sum);
    }
    return sum.map((power) => 10 * Math.log10(power / frames + LEAST_POWER));
  }

  /** Add the power in each band of the frame around a sample; silence stands before the first and behind the last. */
  add(middle, sum) {
    const start = middle - FRAME_SAMPLES / 2;
    for (let index = 0; index < FRAME_SAMPLES; index += 1) {
      this.frame[index] = (this.samples[start + index] ?? 0) * this.window[index];
    }
    const power = this.fourier.power(this.frame);
    this.filters.forEach(({ first, weights }, band) => {
      for (let bin = 0; bin < weights.length; bin += 1) sum[band] += weights[bin] * power[first + bin];
    });
  }
}
