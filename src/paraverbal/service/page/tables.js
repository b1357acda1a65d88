/* Tables: the probabilities, and the text that says what the pictures show. */

import { make } from "./elements.js";
import { emotionName, percent, say } from "./language.js";
import { clock } from "./time.js";

const MOST_ROWS = 300;

/** Fill a table with a row for each emotion, the most probable first. */
export function fillProbabilities(table, probabilities) {
  const sorted = Object.entries(probabilities).sort(([, one], [, other]) => other - one);
  const rows = sorted.map(([label, share], index) => {
    const bar = make("span");
    bar.style.setProperty("--share", share);
    const cells = [rowHead(emotionName(label)), make("td", {}, percent(share)), make("td", { className: "bar" }, bar)];
    return make("tr", { className: index === 0 ? "best" : "" }, ...cells);
  });
  fill(table, say("result.probabilities"), [say("result.emotion"), say("result.probability")], rows);
  table.querySelector("thead tr").append(make("td"));
}

/** Fill a table with a row for each dimension. */
export function fillDimensions(table, dimensions) {
  const rows = Object.entries(dimensions).map(([name, value]) =>
    make("tr", {}, rowHead(emotionName(name)), make("td", {}, value.toFixed(2))));
  fill(table, say("result.dimensions"), [say("result.dimension"), say("result.value")], rows);
}

/**
 * Fill a table with a row for each segment.
 * @param {number} seconds Of the whole, which decides how times are told.
 * @param {?Function} goTo Called with the seconds of a start that is chosen; null where there is nothing to go to.
 * @returns {string} A sentence about rows that were left out, or about none being there.
 */
export function fillSegments(table, segments, seconds, goTo) {
  const rows = segments.slice(0, MOST_ROWS).map((one) => {
    const start = goTo === null ? clock(one.start, seconds, 2) : goToButton(one.start, seconds, goTo);
    return make("tr", {},
      make("td", { className: "text" }, start),
      make("td", {}, clock(one.end, seconds, 2)),
      make("td", { className: "text" }, emotionName(one.emotion)),
      make("td", {}, percent(one.confidence)),
      make("td", { className: "text" }, say(one.uncertain ? "time.no" : "time.yes")));
  });
  const head = ["time.start", "time.end", "time.emotion", "time.confidence", "time.sure"].map((key) => say(key));
  fill(table, say("time.table"), head, rows, [0, 2, 4]);
  table.caption.className = "unseen"; // what stands above it says the same
  if (segments.length === 0) return say("time.empty");
  return segments.length > MOST_ROWS ? say("time.more", { shown: MOST_ROWS, count: segments.length }) : "";
}

/** Fill a table with the weight of each part. */
export function fillWeights(table, caption, parts, weights) {
  const most = Math.max(1e-12, ...weights.map(Math.abs));
  const rows = parts.map((words, index) => {
    const share = Math.round((100 * weights[index]) / most);
    return make("tr", {}, rowHead(words), make("td", {}, share > 0 ? `+${share}` : String(share).replace("-", "−")));
  });
  fill(table, caption, [say("saliency.part"), say("saliency.weight")], rows);
}

/** @param {number[]} text Columns whose heads stand left, as their cells do. */
function fill(table, caption, head, rows, text = [0]) {
  const heads = head.map((words, column) =>
    make("th", { scope: "col", className: text.includes(column) ? "text" : "" }, words));
  const parts = [make("caption", {}, caption), make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)];
  table.replaceChildren(...parts);
}

function rowHead(words) {
  return make("th", { scope: "row" }, words);
}

function goToButton(start, seconds, goTo) {
  const words = clock(start, seconds, 2);
  const button = make("button", { type: "button", className: "link", ariaLabel: say("time.goto", { time: words }) }, words);
  button.addEventListener("click", () => goTo(start));
  return button;
}
