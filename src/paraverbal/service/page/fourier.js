/* The power spectrum of real frames, by the radix-2 Fourier transform of Cooley and Tukey (1965). */

/** Transforms frames of one size; the tables are made once. */
export class Fourier {
  /** @param {number} size Samples of a frame, a power of two, at least 2. */
  constructor(size) {
    if (size < 2 || (size & (size - 1)) !== 0) {
      throw new RangeError(`a frame of ${size} samples: a power of two was expected`);
    }
    this.size = size;
    this.real = new Float64Array(size);
    this.imaginary = new Float64Array(size);
    this.cosines = Float64Array.from({ length: size / 2 }, (_, turn) => Math.cos((2 * Math.PI * turn) / size));
    this.sines = Float64Array.from({ length: size / 2 }, (_, turn) => Math.sin((2 * Math.PI * turn) / size));
    this.order = bitReversed(size);
  }

  /**
   * The power of a frame in each bin, from 0 Hz to half the sampling rate.
   * @param {ArrayLike<number>} frame As many samples as `size`.
   * @returns {Float64Array} size / 2 + 1 values: |X|^2, not scaled.
   */
  power(frame) {
    const { real, imaginary, order, size } = this;
    for (let index = 0; index < size; index += 1) real[index] = frame[order[index]];
    imaginary.fill(0);
    for (let half = 1; half < size; half *= 2) this.merge(half);
    return Float64Array.from({ length: size / 2 + 1 }, (_, bin) => real[bin] ** 2 + imaginary[bin] ** 2);
  }

  /** Join neighbouring transforms of `half` samples to transforms of twice as many. */
  merge(half) {
    const { real, imaginary, cosines, sines, size } = this;
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let offset = 0; offset < half; offset += 1) {
        const [low, high, turn] = [start + offset, start + offset + half, offset * stride];
        const realPart = real[high] * cosines[turn] + imaginary[high] * sines[turn];
        const imaginaryPart = imaginary[high] * cosines[turn] - real[high] * sines[turn];
        real[high] = real[low] - realPart;
        imaginary[high] = imaginary[low] - imaginaryPart;
        real[low] += realPart;
        imaginary[low] += imaginaryPart;
      }
    }
  }
}

/** The Hann window of so many samples, periodic. */
export function hann(size) {
  return Float64Array.from({ length: size }, (_, sample) => 0.5 - 0.5 * Math.cos((2 * Math.PI * sample) / size));
}

function bitReversed(size) {
  const order = new Uint32Array(size);
  for (let index = 1; index < size; index += 1) order[index] = (order[index >> 1] >> 1) + (index & 1 ? size / 2 : 0);
  return order;
}
