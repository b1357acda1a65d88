/* What a model is: a few facts, and its whole card. */

import { find, make, show } from "./elements.js";
import { emotionName, onLanguage, say } from "./language.js";
import { markdown } from "./markdown.js";

const CARD_LEVEL = 3; // of its first heading, below the section's own

/** Shows the card of one model. */
export class CardView {
  constructor() {
    this.model = null;
    onLanguage(() => this.render());
  }

  /** @param {object} model An entry of /v1/models. */
  tell(model) {
    this.model = model;
    this.render();
  }

  render() {
    show(find("card"), this.model !== null);
    if (this.model === null) return;
    const facts = [
      ["input.model", this.model.title ?? this.model.name],
      ["card.labels", this.model.labels.map(emotionName).join(say("list.comma"))],
      ["card.rate", say("card.hertz", { rate: this.model.sampling_rate })],
      ["card.window", this.model.window_seconds && say("seconds", { number: this.model.window_seconds })],
      ["card.licence", this.model.licence],
    ].filter(([, words]) => words);
    find("card-facts").replaceChildren(...facts.flatMap(([key, words]) => [make("dt", {}, say(key)), make("dd", {}, words)]));
    find("card-text").replaceChildren(
      this.model.card ? markdown(this.model.card, CARD_LEVEL) : make("p", {}, say("card.none")));
  }
}
