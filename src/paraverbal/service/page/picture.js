/* A whole picture: panels one above the other over the same seconds, with titles, marks and an axis. */

import * as panels from "./draw_panels.js";
import { emotionName, say } from "./language.js";
import { coloursOf } from "./palette.js";
import { isClock, timeMarks } from "./time.js";

const FONT = "12px system-ui, sans-serif";
const TITLE_HEIGHT = 22;
const TITLE_INDENT = 5; // so that the cursor at the start does not cover a letter
const GAP = 8;
const AXIS_HEIGHT = 34;
const LANE_HEIGHT = 17;
const RIBBON_HEIGHT = 64;
const NARROW = 520; // pixels; below, panels are lower
const AXIS_TITLE_PIXELS = 22; // left of the plots, clear of the first mark
const MARK_PIXELS = 64; // that a mark of the time axis needs
const FREQUENCIES = [250, 500, 1000, 2000, 4000, 8000];
const SHARES = [0, 50, 100];

/**
 * Where everything lies.
 * @param {number} width In pixels.
 * @param {{from: number, to: number, isSeen: boolean, lanes: string[]}} content Seconds; whether there are waveform and
 *   spectrogram; labels that get a row each, none for no rows.
 * @param {{gutter: number, margin: number}} edges Pixels left and right of the plots.
 */
export function layout(width, content, { gutter, margin }) {
  const box = { x: gutter, width: width - gutter - margin, from: content.from, to: content.to };
  const isNarrow = width < NARROW;
  const heights = {
    waveform: content.isSeen ? (isNarrow ? 60 : 84) : 0,
    spectrogram: content.isSeen ? (isNarrow ? 150 : 210) : 0,
    ribbon: RIBBON_HEIGHT,
    lanes: content.lanes.length * LANE_HEIGHT,
  };
  const boxes = {};
  let y = 0;
  for (const [name, height] of Object.entries(heights)) {
    if (height === 0) continue;
    boxes[name] = { ...box, y: y + TITLE_HEIGHT, height };
    y += TITLE_HEIGHT + height + GAP;
  }
  return { ...boxes, bottom: y - GAP, height: y - GAP + AXIS_HEIGHT };
}

/** What drawing needs to know of the page: its colours, those of the labels, and how these are called. */
export function look(colours, labels) {
  return { colours, emotions: coloursOf(labels), name: emotionName };
}

/**
 * Draw it all.
 * @param {object} content As of `layout`, and `outline` (or null), `spectrogram` (a picture, or null), `saliency` (or null),
 *   `segments`, `parts` (stretches with probabilities, for the rows).
 */
export function drawPicture(context, width, content, look, edges) {
  const places = layout(width, content, edges);
  const { ribbon } = places;
  context.fillStyle = look.colours.surface;
  context.fillRect(0, 0, width, places.height);
  if (places.waveform) drawSeen(context, places, content, look);
  title(context, ribbon, say("time.ribbon"), look);
  panels.drawRibbon(context, ribbon, content.segments, look);
  for (const share of SHARES) mark(context, ribbon, ribbon.y + ribbon.height * (1 - share / 100), share, look);
  if (places.lanes) drawRows(context, places.lanes, content, look);
  drawAxis(context, places, look);
  return places;
}

function drawSeen(context, places, { outline, spectrogram, saliency }, look) {
  title(context, places.waveform, say("time.waveform"), look);
  const emotion = saliency === null ? "" : look.name(saliency.emotion);
  const words = saliency === null ? say("time.spectrogram") : say("time.spectrogram.for", { emotion });
  title(context, places.spectrogram, words, look);
  if (outline !== null) panels.drawWaveform(context, places.waveform, outline, look.colours);
  if (spectrogram !== null) panels.drawSpectrogram(context, places.spectrogram, spectrogram);
  if (saliency !== null) panels.drawSaliency(context, places.spectrogram, saliency, look.colours);
  for (const hz of FREQUENCIES) mark(context, places.spectrogram, panels.heightOf(places.spectrogram, hz), hz, look);
}

function drawRows(context, box, content, look) {
  title(context, box, say("time.lanes"), look);
  panels.drawLanes(context, box, content.parts, content.lanes, look);
  content.lanes.forEach((label, row) => {
    mark(context, box, box.y + (row + 0.5) * LANE_HEIGHT, look.name(label), look, false);
  });
}

function title(context, box, words, look) {
  write(context, words, box.x + TITLE_INDENT, box.y - 8, look.colours.muted, "left");
}

function mark(context, box, y, words, look, hasTick = true) {
  context.fillStyle = look.colours.muted;
  if (hasTick) context.fillRect(box.x - 4, Math.min(box.y + box.height - 1, Math.max(box.y, Math.round(y))), 4, 1);
  write(context, words, box.x - 8, y, look.colours.muted, "right");
}

function drawAxis(context, { ribbon, bottom }, look) {
  const { from, to, x, width } = ribbon;
  context.fillStyle = look.colours.muted;
  context.fillRect(x, bottom, width, 1);
  for (const { at, text } of timeMarks(from, to, width / MARK_PIXELS)) {
    const place = x + ((at - from) / (to - from)) * width;
    context.fillStyle = look.colours.muted;
    context.fillRect(Math.round(place), bottom, 1, 4);
    write(context, text, place, bottom + 13, look.colours.muted, place > x + width - 14 ? "right" : "center");
  }
  const words = say(isClock(to) ? "time.axis.clock" : "time.axis");
  write(context, words, x - AXIS_TITLE_PIXELS, bottom + 13, look.colours.muted, "right");
}

function write(context, words, x, y, colour, align) {
  context.font = FONT;
  context.fillStyle = colour;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillText(words, x, y);
}
