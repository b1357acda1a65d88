/* Canvases that are as sharp as the screen, and the plots' edges as the style sheet has them. */

import { make } from "./elements.js";

/** Give a canvas a size in CSS pixels and return its context, scaled so that CSS pixels are its units. */
export function sized(canvas, width, height) {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(density, density);
  return context;
}

/** Pixels left and right of the plots. */
export function plotEdges() {
  const style = getComputedStyle(document.documentElement);
  const [size, gutter, margin] = [style.fontSize, style.getPropertyValue("--gutter"), style.getPropertyValue("--margin")];
  return { gutter: parseFloat(gutter) * parseFloat(size), margin: parseFloat(margin) * parseFloat(size) };
}

/** Fill a list with what the colours mean: `[colour or class, words]` for each. */
export function fillLegend(list, entries) {
  list.replaceChildren(...entries.map(([colour, words]) => {
    const swatch = make("span", { className: "swatch" });
    if (colour.startsWith("#")) swatch.style.background = colour;
    else swatch.classList.add(colour);
    return make("li", {}, swatch, words);
  }));
}
