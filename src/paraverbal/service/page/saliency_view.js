/* What decided: the choice of an emotion, the answer in words, and its tables. */

import { find, make, show } from "./elements.js";
import { emotionName, onLanguage, say } from "./language.js";
import { fillWeights } from "./tables.js";

/** Asks for and tells saliency; drawing it is the picture's. */
export class SaliencyView {
  /** @param {{chosen: Function}} told Called with a label, or null for nothing. */
  constructor(told) {
    this.labels = [];
    this.saliency = null;
    this.select = find("saliency");
    this.select.addEventListener("change", () => told.chosen(this.select.value || null));
    onLanguage(() => this.render());
  }

  /** Offer these labels. */
  offer(labels) {
    this.labels = labels;
    this.clear();
  }

  /** Tell an answer of /v1/saliency. */
  tell(saliency) {
    this.saliency = saliency;
    this.render(saliency.emotion);
  }

  /** Tell nothing, or nothing yet of a label that was chosen. */
  clear(chosen = "") {
    this.saliency = null;
    this.render(chosen);
  }

  render(chosen = this.select.value) {
    const names = ["", ...this.labels].map((label) =>
      make("option", { value: label }, label === "" ? say("saliency.none") : emotionName(label)));
    this.select.replaceChildren(...names);
    this.select.value = chosen;
    find("saliency-answer").replaceChildren(...(this.saliency === null ? [] : this.sentences()));
    show(find("saliency-details"), this.saliency !== null);
    if (this.saliency !== null) this.renderTables();
  }

  sentences() {
    const values = { emotion: emotionName(this.saliency.emotion), for: say("saliency.for"), against: say("saliency.against") };
    const most = strongest(this.saliency);
    const sentence = most === null
      ? say("saliency.nothing", values)
      : say("saliency.most", { ...values, ...most });
    return [make("p", { className: "note" }, sentence), make("p", { className: "note" }, say("saliency.note", values))];
  }

  renderTables() {
    const { seconds, bands, per_time: perTime, per_band: perBand } = this.saliency;
    const times = seconds.map(([start, end]) => say("saliency.seconds", { start: start.toFixed(2), end: end.toFixed(2) }));
    const ranges = bands.map(([low, high]) => say("saliency.hertz", { low: Math.round(low), high: Math.round(high) }));
    fillWeights(find("saliency-times"), say("time.position"), times, perTime);
    fillWeights(find("saliency-bands"), say("saliency.frequency"), ranges, perBand);
  }
}

/** The part that spoke most for the emotion, as values of a sentence; null if none did. */
export function strongest({ seconds, bands, values }) {
  const all = values.flatMap((row, band) => row.map((value, part) => ({ value, band, part })));
  const most = all.reduce((best, one) => (one.value > best.value ? one : best), { value: 0 });
  if (most.value === 0) return null;
  const [[start, end], [low, high]] = [seconds[most.part], bands[most.band]];
  return { start: start.toFixed(2), end: end.toFixed(2), low: Math.round(low), high: Math.round(high) };
}
