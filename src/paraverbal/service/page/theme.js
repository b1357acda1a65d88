/* Light or dark: as the system has it, or as it was chosen. */

import { remember, remembered } from "./memory.js";

const KEY = "paraverbal.theme";
const THEMES = ["auto", "light", "dark"];
const listeners = [];

/** Take the theme that was chosen before; then follow the select and the system. */
export function startTheme(select) {
  const before = remembered(KEY);
  select.value = THEMES.includes(before) ? before : "auto";
  apply(select.value);
  select.addEventListener("change", () => {
    remember(KEY, select.value);
    apply(select.value);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => listeners.forEach((one) => one()));
}

/** Call this function after every change of the colours. */
export function onTheme(listener) {
  listeners.push(listener);
}

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}
