/* Files for the person at the page, made in the browser. */

import { make } from "./elements.js";

const LET_GO_MILLISECONDS = 10_000; // after which the browser has surely begun to write

/** Save a text or blob under a name. */
export function save(content, name, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), LET_GO_MILLISECONDS);
}

/** The name of a recording without its ending, for names of files beside it. */
export function stem(file) {
  return file.replace(/\.[^.]*$/, "") || "paraverbal";
}

/** As JSON to read and to parse. */
export function json(value) {
  return `${JSON.stringify(value, null, 1)}\n`;
}
