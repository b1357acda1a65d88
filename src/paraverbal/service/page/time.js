/* Times as words, and where an axis of time has its marks. */

const CLOCK_SECONDS = 120; // longer recordings are told in minutes
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];

/** A time in the form that suits a recording: `12.5`, `2:05`, `1:02:05`. */
export function clock(seconds, longest, digits = 1) {
  if (longest < CLOCK_SECONDS) return seconds.toFixed(digits);
  const whole = Math.floor(seconds + 1e-6);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (number) => String(number).padStart(2, "0");
  return longest < 3600 ? `${Math.floor(whole / 60)}:${pad(rest)}` : `${hours}:${pad(minutes)}:${pad(rest)}`;
}

/** Whether times of such a recording are told in minutes. */
export function isClock(longest) {
  return longest >= CLOCK_SECONDS;
}

/**
 * Round times between two others.
 * @param {number} most How many there is room for.
 * @returns {{at: number, text: string}[]}
 */
export function timeMarks(from, to, most) {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  const digits = step < 1 ? 1 : 0;
  return Array.from({ length: count }, (_, index) => {
    const at = (first + index) * step;
    return { at, text: clock(at, to, digits) };
  });
}
