/* The answers of a stream: the newest in large letters, the last minute as a picture, all of them as a table. */

import { fillLegend, plotEdges, sized } from "./canvas.js";
import { find, show } from "./elements.js";
import { emotionName, onLanguage, percent, say } from "./language.js";
import { pageColours } from "./palette.js";
import { drawPicture, layout, look } from "./picture.js";
import { fillSegments } from "./tables.js";
import { onTheme } from "./theme.js";
import { stretches } from "./timeline.js";

const SHOWN_SECONDS = 60;
const SHOWN_ROWS = 60;

/** What one stream has told so far. */
export class LiveAnswers {
  constructor() {
    this.estimates = [];
    this.labels = [];
    this.model = "";
    this.hop = 1;
    new ResizeObserver(() => this.draw()).observe(find("live-answers"));
    onLanguage(() => this.render());
    onTheme(() => this.render());
  }

  /** Forget what an earlier stream told. */
  clear() {
    this.estimates = [];
    this.spoken = "";
    this.render();
  }

  /** A stream begins: what it says first. */
  begin({ model, labels, hop_seconds: hop }) {
    Object.assign(this, { model, labels, hop });
  }

  /** Show one more answer. */
  add(estimate) {
    this.estimates.push(estimate);
    this.render();
    this.announce(estimate);
  }

  /** The stream has ended. */
  end() {
    this.render();
  }

  get count() {
    return this.estimates.length;
  }

  /** All of them, as a timeline is written: what CSV and JSON hold. */
  document() {
    return { file: "live", model: this.model, labels: this.labels, hop: this.hop, segments: this.estimates };
  }

  /** Tell listeners of a page only what is new: a change of the emotion. */
  announce({ emotion, uncertain, confidence }) {
    const now = `${emotion} ${uncertain}`;
    if (now === this.spoken) return;
    this.spoken = now;
    find("announcement").textContent = this.words({ emotion, uncertain, confidence });
  }

  words({ emotion, uncertain, confidence }) {
    const values = { emotion: emotionName(emotion), percent: percent(confidence) };
    return say(uncertain ? "time.told.uncertain" : "time.told", values);
  }

  render() {
    const newest = this.estimates.at(-1);
    show(find("live-answers"), newest !== undefined);
    if (newest === undefined) return;
    find("live-emotion").textContent = emotionName(newest.emotion) + (newest.uncertain ? "?" : "");
    const sure = say("result.sure", { percent: percent(newest.confidence) });
    find("live-sure").textContent = newest.uncertain ? `${sure}${say("list.comma")}${say("time.uncertain")}` : sure;
    find("live-latency").textContent = say("live.latency", { milliseconds: Math.ceil(1000 * newest.latency_seconds) });
    fillSegments(find("live-table"), this.estimates.slice(-SHOWN_ROWS).reverse(), newest.end, null);
    this.renderLegend();
    this.draw();
  }

  renderLegend() {
    const { emotions } = look(pageColours(), this.labels);
    const isTold = (label) => this.estimates.some((one) => one.emotion === label);
    const entries = this.labels.filter(isTold).map((label) => [emotions[label], emotionName(label)]);
    if (this.estimates.some((one) => one.uncertain)) entries.push(["hatched", `? ${say("time.uncertain")}`]);
    fillLegend(find("live-legend"), [...entries, ["empty", say("time.silence")]]);
  }

  draw() {
    const width = find("live-answers").clientWidth;
    if (this.count === 0 || width === 0) return;
    const { end } = this.estimates.at(-1);
    const from = Math.max(0, end - SHOWN_SECONDS);
    const parts = stretches(this.estimates, this.hop).filter((one) => one.end > from);
    const content = { from, to: Math.max(end, from + SHOWN_SECONDS), isSeen: false, lanes: this.labels, segments: parts, parts };
    const edges = plotEdges();
    const context = sized(find("live-picture"), width, layout(width, content, edges).height);
    drawPicture(context, width, content, look(pageColours(), this.labels), edges);
  }
}
