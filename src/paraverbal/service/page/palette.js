/* Colours for drawing: those of the page from its style sheet, and one for each emotion. */

// The names of the style sheet's colours that are drawn with.
const NAMES = ["surface", "ink", "muted", "line", "track", "accent", "wave", "for", "against"];

// Told apart also by those who do not see red or green: hues and lightness both differ (after Okabe and Ito 2008). The reports
// use the same.
export const EMOTION_COLOURS = {
  anger: "#d55e00",
  boredom: "#7a6a58",
  calm: "#7fcdbb",
  contempt: "#8c510a",
  disgust: "#009e73",
  fear: "#6a4c93",
  happiness: "#f0c808",
  neutral: "#a9b1bb",
  sadness: "#0072b2",
  surprise: "#e78ac3",
};

// Greys for labels that are not known here, from dark to light.
const DARKEST = 0x59;
const LIGHTEST = 0xcc;

/** The page's colours as they are now, light or dark: name -> `rgb(...)`. */
export function pageColours() {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colours = Object.fromEntries(NAMES.map((name) => [name, colourOf(probe, name)]));
  probe.remove();
  return colours;
}

function colourOf(probe, name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** Label -> `#rrggbb`, always the same for an emotion that is known here. */
export function coloursOf(labels) {
  const others = labels.filter((label) => !(label in EMOTION_COLOURS));
  return Object.fromEntries(labels.map((label) => [label, EMOTION_COLOURS[label] ?? grey(others, label)]));
}

/** Black or white, whichever stands out more on a colour `#rrggbb` or `rgb(...)`. */
export function inkOn(colour) {
  return (luminance(colour) + 0.05) ** 2 > 1.05 * 0.05 ? "#000000" : "#ffffff";
}

/** Red, green and blue of a colour, 0..255. */
export function components(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((first) => parseInt(colour.slice(first, first + 2), 16));
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** Relative luminance, 0..1 (WCAG 2.2). */
export function luminance(colour) {
  const [red, green, blue] = components(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function grey(others, label) {
  const step = others.length > 1 ? (LIGHTEST - DARKEST) / (others.length - 1) : 0;
  const value = Math.round(DARKEST + step * others.indexOf(label)).toString(16);
  return `#${value.repeat(3)}`;
}
