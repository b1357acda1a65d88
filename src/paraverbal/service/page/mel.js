/* The mel scale of Slaney's Auditory Toolbox (1998): a straight line up to 1 kHz, a logarithm above. The reports use the same. */

const BREAK_HZ = 1000;
const HZ_PER_MEL = 200 / 3;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

/** Hertz -> mel. */
export function melOfHz(hz) {
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

/** Mel -> hertz. */
export function hzOfMel(mel) {
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/**
 * Triangular filters between 0 Hz and half the sampling rate, each of the same area.
 * @returns {{first: number, weights: Float64Array}[]} For each band the first bin that it hears, and the weights from there on.
 */
export function melFilters(samplingRate, fftSize, bands) {
  const top = melOfHz(samplingRate / 2);
  const edges = Array.from({ length: bands + 2 }, (_, edge) => hzOfMel((edge * top) / (bands + 1)));
  return Array.from({ length: bands }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const first = Math.ceil((low * fftSize) / samplingRate);
    const last = Math.min(fftSize / 2, Math.floor((high * fftSize) / samplingRate));
    const weights = Float64Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => {
      const hz = ((first + step) * samplingRate) / fftSize;
      return (Math.min((hz - low) / (middle - low), (high - hz) / (high - middle)) * 2) / (high - low);
    });
    return { first, weights };
  });
}
