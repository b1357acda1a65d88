/* What the page says, in the language that was chosen; the choice is kept in the browser. */

import { remembered, remember } from "./memory.js";
import { CHINESE } from "./words_zh.js";
import { ENGLISH } from "./words_en.js";

// Language tag -> its words.
export const DICTIONARIES = { en: ENGLISH, "zh-Hans": CHINESE };

const KEY = "paraverbal.language";
const listeners = [];
let current = "en";

/** The tag of the language that is spoken. */
export function language() {
  return current;
}

/**
 * The words of a key.
 * @param {string} key A key of the dictionaries.
 * @param {Object<string, string | number>} values What stands for `{name}` in them.
 */
export function say(key, values = {}) {
  const words = DICTIONARIES[current][key];
  if (words === undefined) throw new Error(`the dictionary has no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** An emotion or dimension in this language; a label that is not known here stays as it is. */
export function emotionName(label) {
  return DICTIONARIES[current][`emotion.${label}`] ?? DICTIONARIES[current][`dimension.${label}`] ?? label;
}

/** A share of 0..1 as percent: `35 %`. */
export function percent(share) {
  return say("percent", { number: Math.round(100 * share) });
}

/** Choose the language that was chosen before, or the browser's if it is known here, or English. */
export function startLanguage() {
  const before = remembered(KEY);
  const browsers = navigator.language.toLowerCase().startsWith("zh") ? "zh-Hans" : "en";
  setLanguage(before in DICTIONARIES ? before : browsers);
}

/** Speak another language from now on. */
export function setLanguage(tag) {
  current = tag;
  document.documentElement.lang = tag;
  translate(document);
  for (const listener of listeners) listener();
}

/** As `setLanguage`, and remember it. */
export function chooseLanguage(tag) {
  remember(KEY, tag);
  setLanguage(tag);
}

/** Call this function after every change of the language. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Fill elements that name their words: `data-words` the text, `data-label` the name for screen readers. */
function translate(root) {
  for (const element of root.querySelectorAll("[data-words]")) element.textContent = say(element.dataset.words);
  for (const element of root.querySelectorAll("[data-label]")) element.ariaLabel = say(element.dataset.label);
}
