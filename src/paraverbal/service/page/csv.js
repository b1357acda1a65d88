/* The segments of a timeline as CSV, in the columns of `paraverbal predict --timeline --csv`. */

/**
 * @param {{file: string, labels: string[], segments: object[], warnings?: string[]}} timeline As the service answers it.
 * @returns {string} Lines ended by a line feed.
 */
export function csv(timeline) {
  const dimensions = Object.keys(timeline.segments[0]?.dimensions ?? {});
  const columns = ["file", "start", "end", "emotion", "confidence", ...timeline.labels];
  const rows = timeline.segments.map((segment) => [
    ...[timeline.file, segment.start, segment.end, segment.emotion, segment.confidence],
    ...timeline.labels.map((label) => segment.probabilities[label]),
    ...["", "", segment.uncertain],
    ...dimensions.map((name) => segment.dimensions[name]),
  ]);
  const lines = [[...columns, "warnings", "error", "uncertain", ...dimensions], ...rows];
  return lines.map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

function quoted(cell) {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
