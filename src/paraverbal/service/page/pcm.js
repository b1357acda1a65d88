/* Samples as 16-bit numbers, and these as a WAV file. */

const HEADER_BYTES = 44;
const FULL_SCALE = 32768;

/**
 * Floats in -1..1 -> 16 bits, rounded, held at full scale.
 * @param {Float32Array} samples
 * @returns {Int16Array}
 */
export function sixteenBits(samples) {
  const held = (value) => Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value * FULL_SCALE)));
  return Int16Array.from(samples, held);
}

/**
 * The bytes of 16-bit samples, least byte first whatever the machine does.
 * @param {Int16Array} samples
 * @returns {ArrayBuffer}
 */
export function littleEndian(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, index) => view.setInt16(2 * index, sample, true));
  return view.buffer;
}

/**
 * A mono WAV file of 16 bits.
 * @param {Float32Array[]} blocks Floats in -1..1, one after the other.
 * @param {number} samplingRate In hertz.
 * @returns {Blob}
 */
export function wav(blocks, samplingRate) {
  const parts = blocks.map((block) => littleEndian(sixteenBits(block)));
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return new Blob([header(bytes, samplingRate), ...parts], { type: "audio/wav" });
}

/** The level of a block in dB of full scale (root mean square), and its peak, 0..1. */
export function level(block) {
  let [power, peak] = [0, 0];
  for (const sample of block) {
    power += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  return { decibels: 10 * Math.log10(power / Math.max(1, block.length) + 1e-10), peak };
}

function header(bytes, samplingRate) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  const text = (offset, letters) => [...letters].forEach((one, index) => view.setUint8(offset + index, one.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, samplingRate, true);
  view.setUint32(28, 2 * samplingRate, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a sample of all channels
  view.setUint16(34, 16, true); // bits
  text(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
}
