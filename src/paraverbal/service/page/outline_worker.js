/* Computes outlines beside the page, so that nothing on it stands still: channels come in, columns go out, a few at a time. */

import { Outline, mixed } from "./outline.js";

const COLUMNS_A_MESSAGE = 100;

self.onmessage = ({ data: { channels } }) => {
  const outline = new Outline(mixed(channels));
  self.postMessage({ columns: outline.columns });
  for (let first = 0; first < outline.columns; first += COLUMNS_A_MESSAGE) {
    const part = outline.part(first, Math.min(COLUMNS_A_MESSAGE, outline.columns - first));
    self.postMessage({ first, ...part }, [part.lowest.buffer, part.highest.buffer, part.levels.buffer]);
  }
  self.postMessage({ done: true });
};
