/* The answer for the whole recording: emotion, how sure, warnings, probabilities. */

import { find, make, show } from "./elements.js";
import { emotionName, onLanguage, percent, say } from "./language.js";
import { fillDimensions, fillProbabilities } from "./tables.js";
import { warningWords } from "./warnings.js";

/** Shows one answer of /v1/predict at a time. */
export class ResultView {
  constructor() {
    this.answer = null;
    this.warnings = [];
    onLanguage(() => this.render());
  }

  /** Show an answer, and say it to those who listen to the page. */
  tell(answer) {
    this.answer = answer;
    this.warnings = [...answer.prediction.warnings];
    this.render();
    find("announcement").textContent = this.spoken();
  }

  /** Show warnings that came later, with the timeline. */
  warn(warnings) {
    this.warnings = [...new Set([...this.warnings, ...warnings])];
    this.render();
  }

  /** Show nothing. */
  clear() {
    this.answer = null;
    find("announcement").textContent = "";
    this.render();
  }

  render() {
    show(find("result"), this.answer !== null);
    if (this.answer === null) return;
    const { prediction, model, duration_seconds: seconds } = this.answer;
    find("result-emotion").textContent = emotionName(prediction.emotion) + (prediction.uncertain ? "?" : "");
    find("result-sure").textContent = say("result.sure", { percent: percent(prediction.confidence) });
    show(find("result-uncertain"), prediction.uncertain);
    const length = say("seconds", { number: seconds.toFixed(1) });
    find("result-by").textContent = say("result.by", { file: prediction.file, seconds: length, model });
    this.renderWarnings();
    fillProbabilities(find("result-probabilities"), prediction.probabilities);
    show(find("result-dimensions"), prediction.dimensions !== undefined);
    if (prediction.dimensions) fillDimensions(find("result-dimensions"), prediction.dimensions);
  }

  renderWarnings() {
    const box = find("result-warnings");
    show(box, this.warnings.length > 0);
    box.querySelector("ul").replaceChildren(...this.warnings.map((sentence) => {
      const { words, isKnown } = warningWords(sentence);
      return make("li", isKnown ? {} : { lang: "en" }, words);
    }));
  }

  spoken() {
    const { emotion, confidence, uncertain } = this.answer.prediction;
    const values = { emotion: emotionName(emotion), percent: percent(confidence) };
    const sentence = say(uncertain ? "result.announcement.uncertain" : "result.announcement", values);
    const count = this.warnings.length;
    return count === 0 ? sentence : `${sentence} ${say("result.announcement.warnings", { count })}`;
  }
}
