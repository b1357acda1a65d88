/* Waveform, spectrogram, ribbon, probabilities and saliency, each drawn into a box of a canvas over a stretch of time. */

import { BANDS, SAMPLING_RATE } from "./outline.js";
import { melOfHz } from "./mel.js";
import { components, inkOn } from "./palette.js";

const LEAST_AMPLITUDE = 1e-3; // so that silence has a height
const SHOWN_DB = 70;
const HATCH_STEP = 6;
const NAME_FONT = "12px system-ui, sans-serif";
const SALIENCY_ALPHA = 0.72;

// Over a box: x of a moment.
const across = (box, seconds) => box.x + ((seconds - box.from) / (box.to - box.from)) * box.width;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number, from: number, to: number}} box Pixels and seconds.
 * @param {{lowest: Float32Array, highest: Float32Array}} outline Least and greatest sample of each column.
 */
export function drawWaveform(context, box, { lowest, highest }, colours) {
  const limit = Math.max(LEAST_AMPLITUDE, ...highest.map((high, column) => Math.max(high, -lowest[column])));
  const [middle, step] = [box.y + box.height / 2, box.width / highest.length];
  const scale = (box.height / 2 - 1) / limit;
  context.fillStyle = colours.line;
  context.fillRect(box.x, middle, box.width, 1);
  const place = (column) => box.x + (column + 0.5) * step;
  context.beginPath();
  highest.forEach((high, column) => context.lineTo(place(column), middle - high * scale - 0.3));
  for (let column = lowest.length - 1; column >= 0; column -= 1) {
    context.lineTo(place(column), middle - lowest[column] * scale + 0.3);
  }
  context.fillStyle = colours.wave;
  context.fill();
}

/**
 * The levels as a picture of a pixel each, to be stretched.
 * @param {{columns: number, levels: Float32Array}} outline dB, `[column, band]`; columns that are not known yet are -Infinity.
 * @param {string[]} ramp Colours from the lowest level to the highest.
 */
export function spectrogramPicture({ columns, levels }, ramp) {
  const top = levels.reduce((most, level) => Math.max(most, level), -Infinity);
  const picture = new OffscreenCanvas(columns, BANDS);
  const image = new ImageData(columns, BANDS);
  const table = rampTable(ramp);
  levels.forEach((level, index) => {
    const [column, band] = [Math.floor(index / BANDS), index % BANDS];
    const share = Math.max(0, Math.min(255, Math.round(255 * (1 + (level - top) / SHOWN_DB)))) || 0;
    image.data.set(table[share], 4 * ((BANDS - 1 - band) * columns + column));
  });
  picture.getContext("2d").putImageData(image, 0, 0);
  return picture;
}

/** Draw a picture of `spectrogramPicture`. */
export function drawSpectrogram(context, box, picture) {
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, box.x, box.y, box.width, box.height);
}

/** The y of a frequency in a spectrogram's box. */
export function heightOf(box, hz) {
  return box.y + box.height * (1 - Math.min(1, melOfHz(hz) / melOfHz(SAMPLING_RATE / 2)));
}

/** What decided, over a spectrogram: filled where a part spoke for the emotion, hatched where against it. */
export function drawSaliency(context, box, { seconds, bands, values }, colours) {
  const most = Math.max(1e-12, ...values.flat().map(Math.abs));
  bands.forEach(([low, high], band) => {
    const [top, bottom] = [heightOf(box, high), heightOf(box, low)];
    seconds.forEach(([start, end], part) => {
      const [left, right] = [across(box, start), across(box, Math.min(end, box.to))];
      const value = values[band][part] / most;
      context.globalAlpha = SALIENCY_ALPHA * Math.abs(value);
      context.fillStyle = value > 0 ? colours.for : colours.against;
      context.fillRect(left, top, right - left, bottom - top);
      if (value < -0.1) hatch(context, { x: left, y: top, width: right - left, height: bottom - top }, colours.against);
    });
  });
  context.globalAlpha = 1;
}

/**
 * Segments as bars, as high as they are confident, with their names where there is room; what is uncertain is hatched.
 * @param {{start: number, end: number, emotion: string, confidence: number, uncertain: boolean}[]} segments
 * @param {{colours: object, emotions: Object<string, string>, name: (label: string) => string}} look
 */
export function drawRibbon(context, box, segments, look) {
  context.fillStyle = look.colours.line;
  for (const share of [0, 0.5, 1]) context.fillRect(box.x, Math.round(box.y + share * box.height), box.width, 1);
  for (const one of segments) {
    const [left, right] = [across(box, Math.max(one.start, box.from)), across(box, Math.min(one.end, box.to))];
    const bar = { x: left, width: Math.max(1, right - left), height: Math.max(2, one.confidence * box.height) };
    bar.y = box.y + box.height - bar.height;
    context.fillStyle = look.emotions[one.emotion];
    context.fillRect(bar.x, bar.y, bar.width, bar.height);
    if (one.uncertain) hatch(context, bar, look.colours.surface);
    context.fillStyle = look.colours.surface;
    if (bar.width > 4) context.fillRect(bar.x + bar.width - 1, box.y, 1, box.height);
    drawName(context, { ...box, x: bar.x, width: bar.width }, one, look);
  }
}

/** A segment's name on a plate, so that it can be read on every colour; left out where it does not fit. */
function drawName(context, box, { emotion, uncertain }, look) {
  const words = look.name(emotion) + (uncertain ? " ?" : "");
  context.font = NAME_FONT;
  const width = context.measureText(words).width + 8;
  if (width > box.width - 2) return;
  const [left, top] = [box.x + (box.width - width) / 2, box.y + box.height - 20];
  context.fillStyle = uncertain ? look.colours.surface : look.emotions[emotion];
  context.fillRect(left, top, width, 17);
  context.fillStyle = uncertain ? look.colours.ink : inkOn(look.emotions[emotion]);
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(words, left + 4, top + 9);
}

/**
 * A row for each emotion, filled as high as it is probable.
 * @param {{start: number, end: number, probabilities: Object<string, number>}[]} parts Stretches that windows speak for.
 */
export function drawLanes(context, box, parts, labels, look) {
  const rowHeight = box.height / labels.length;
  labels.forEach((label, row) => {
    const bottom = box.y + (row + 1) * rowHeight - 1;
    context.fillStyle = look.colours.track;
    context.fillRect(box.x, bottom - rowHeight + 2, box.width, rowHeight - 2);
    context.fillStyle = look.emotions[label];
    highestPerPixel(box, parts, label).forEach((share, pixel) => {
      const height = share * (rowHeight - 2);
      if (height > 0) context.fillRect(box.x + pixel, bottom - height, 1, height);
    });
  });
}

/** For each pixel the greatest probability of a label: hours of windows are drawn as fast as a minute. */
function highestPerPixel(box, parts, label) {
  const highest = new Float32Array(Math.ceil(box.width));
  for (const { start, end, probabilities } of parts) {
    const first = Math.max(0, Math.round(across(box, start) - box.x));
    const last = Math.min(highest.length, Math.max(first + 1, Math.round(across(box, end) - box.x)));
    for (let pixel = first; pixel < last; pixel += 1) highest[pixel] = Math.max(highest[pixel], probabilities[label] ?? 0);
  }
  return highest;
}

/** Draw slanting lines over a box. */
export function hatch(context, { x, y, width, height }, colour) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.beginPath();
  const first = Math.floor(x / HATCH_STEP) * HATCH_STEP - height - (Math.floor(y) % HATCH_STEP);
  for (let left = first; left < x + width; left += HATCH_STEP) {
    context.moveTo(left, y + height);
    context.lineTo(left + height, y);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1.6;
  context.stroke();
  context.restore();
}

function rampTable(ramp) {
  const stops = ramp.map(components);
  return Array.from({ length: 256 }, (_, index) => {
    const place = (index / 255) * (stops.length - 1);
    const lower = Math.min(stops.length - 2, Math.floor(place));
    const mixed = stops[lower].map((value, part) => value + (place - lower) * (stops[lower + 1][part] - value));
    return [...mixed.map(Math.round), 255];
  });
}
