/* What a timeline says of a moment, and which stretch of time each of its windows speaks for. */

/** The segment that holds a moment, or undefined where there is no speech. */
export function segmentAt(timeline, seconds) {
  return timeline.segments.find((one) => one.start <= seconds && seconds < one.end);
}

/**
 * The stretches that windows speak for: what is nearer to a window's middle than to any other's, at most half a hop away; the
 * first begins and the last ends with its window.
 * @returns {{start: number, end: number, probabilities: Object<string, number>}[]}
 */
export function cells(windows, hop) {
  const middles = windows.map((one) => (one.start + one.end) / 2);
  return windows.map((one, index) => ({
    probabilities: one.probabilities,
    start: index === 0 ? one.start : Math.max(middles[index] - hop / 2, (middles[index] + middles[index - 1]) / 2),
    end: index === windows.length - 1 ? one.end : Math.min(middles[index] + hop / 2, (middles[index] + middles[index + 1]) / 2),
  }));
}

/** The stretches of a stream's estimates, of which the newest reaches to its window's end. */
export function stretches(estimates, hop) {
  const parts = cells(estimates, hop);
  return estimates.map((one, index) => ({ ...one, start: parts[index].start, end: parts[index].end }));
}
