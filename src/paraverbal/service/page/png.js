/* The picture as a PNG: title, panels, and what the colours mean. */

import { hatch } from "./draw_panels.js";
import { emotionName, say } from "./language.js";
import { drawPicture, layout } from "./picture.js";

const WIDTH = 1200;
const DENSITY = 2; // pixels a unit, so that it can be printed
const EDGES = { gutter: 92, margin: 24 };
const TITLE_HEIGHT = 44;
const LEGEND_HEIGHT = 40;
const LEGEND_GAP = 26;

/**
 * @param {object} content As of `drawPicture`.
 * @param {object} look As of `picture.js`.
 * @param {string} title Above all.
 * @param {string[]} labels That the picture holds.
 * @returns {Promise<Blob>}
 */
export async function png(content, look, title, labels) {
  const height = TITLE_HEIGHT + layout(WIDTH, content, EDGES).height + LEGEND_HEIGHT;
  const canvas = new OffscreenCanvas(WIDTH * DENSITY, height * DENSITY);
  const context = canvas.getContext("2d");
  context.scale(DENSITY, DENSITY);
  context.fillStyle = look.colours.surface;
  context.fillRect(0, 0, WIDTH, height);
  write(context, title, EDGES.gutter, TITLE_HEIGHT / 2, "600 15px system-ui, sans-serif", look.colours.ink);
  context.translate(0, TITLE_HEIGHT);
  const { height: bottom } = drawPicture(context, WIDTH, content, look, EDGES);
  drawLegend(context, bottom + LEGEND_HEIGHT / 2, content, look, labels);
  return canvas.convertToBlob({ type: "image/png" });
}

function drawLegend(context, y, { segments }, look, labels) {
  let x = EDGES.gutter;
  const entries = labels.map((label) => [look.emotions[label], emotionName(label)]);
  if (segments.some((one) => one.uncertain)) entries.push([look.colours.track, `? ${say("time.uncertain")}`]);
  for (const [colour, words] of entries) {
    context.fillStyle = colour;
    context.fillRect(x, y - 6, 16, 12);
    if (colour === look.colours.track) hatch(context, { x, y: y - 6, width: 16, height: 12 }, look.colours.muted);
    x += 22 + write(context, words, x + 22, y, "13px system-ui, sans-serif", look.colours.ink) + LEGEND_GAP;
  }
}

function write(context, words, x, y, font, colour) {
  Object.assign(context, { font, fillStyle: colour, textAlign: "left", textBaseline: "middle" });
  context.fillText(words, x, y);
  return context.measureText(words).width;
}
