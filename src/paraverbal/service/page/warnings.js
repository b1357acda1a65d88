/* The sentences of warning that the package gives, in the language of the page. */

import { say } from "./language.js";

// How a sentence of paraverbal/inference begins, with its numbers -> key of the dictionaries.
const KNOWN = [
  [/^short: (?<seconds>[\d.]+) s is less than (?<least>[\d.]+) s/, "warning.short"],
  [/^silence: the level is below (?<decibels>-[\d.]+) dB/, "warning.silence"],
  [/^clipping: (?<share>[\d.]+)% of the samples/, "warning.clipping"],
  [/^narrow band: .*\(sampling rate (?<rate>\d+) Hz\)/, "warning.narrow"],
  [/^no speech was found/, "warning.speech"],
  [/^no text: judged by audio alone/, "warning.textless"],
  [/^text: (the model knows none|it is empty)/, "warning.unread"],
  [/^text: (?<tokens>\d+) tokens, of which the model reads the first (?<read>\d+)/, "warning.cut"],
];

/**
 * A warning in words of the page; one that is not known here stays as it is.
 * @param {string} sentence
 * @returns {{words: string, isKnown: boolean}}
 */
export function warningWords(sentence) {
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(sentence);
    if (found !== null) return { words: say(key, { ...found.groups }), isKnown: true };
  }
  return { words: sentence, isKnown: false };
}
