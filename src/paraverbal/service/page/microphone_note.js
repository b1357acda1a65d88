/* What there is to say about the microphone: why there is none, or what the browser still does to its sound. */

import { find, show } from "./elements.js";
import { onLanguage, say } from "./language.js";
import { MicrophoneFault } from "./microphone.js";

let sentences = () => [];

/** Keep the words in the language of the page. */
export function startMicrophoneNote() {
  onLanguage(render);
}

/** Tell a fault; anything that is none is thrown on. */
export function tellMicrophoneFault(error) {
  if (!(error instanceof MicrophoneFault)) throw error;
  sentences = () => [say(error.key, error.values)];
  render();
}

/** Tell what the browser did not switch off, or does not say that it did. */
export function tellChanges({ kept, unknown }) {
  sentences = () => [...told("microphone.kept", kept), ...told("microphone.unknown", unknown)];
  render();
}

/** Tell nothing. */
export function clearMicrophoneNote() {
  sentences = () => [];
  render();
}

function told(key, names) {
  if (names.length === 0) return [];
  return [say(key, { changes: names.map((name) => say(`microphone.${name}`)).join(say("list.comma")) })];
}

function render() {
  const words = sentences();
  find("microphone-note").textContent = words.join(" ");
  show(find("microphone-note"), words.length > 0);
}
