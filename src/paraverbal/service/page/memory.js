/* Choices that outlive the page, where the browser allows it. No recording, result or token is ever kept. */

/** What was remembered under this key, or an empty text. */
export function remembered(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // storage is switched off: the choice lasts as long as the page
  }
}

/** Remember a text. */
export function remember(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // as above
  }
}
