/* Tabs: the arrow keys go from one to the next, and each shows its panel. */

import { find, show } from "./elements.js";

const MOVES = { ArrowRight: 1, ArrowLeft: -1 };

/**
 * @param {string[]} names Of the tabs and, in the same order, of the panels: `tab-NAME`, `panel-NAME`.
 * @returns {Function} Called with true to hold the tab that is open, as long as its microphone is on; with false to let go.
 */
export function startTabs(names) {
  const tabs = names.map((name) => find(`tab-${name}`));
  const choose = (index) => {
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", other === index);
      tab.tabIndex = other === index ? 0 : -1;
      show(find(`panel-${names[other]}`), other === index);
    });
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(index));
    tab.addEventListener("keydown", ({ key }) => {
      const ends = { Home: 0, End: tabs.length - 1 };
      const next = key in MOVES ? (index + MOVES[key] + tabs.length) % tabs.length : ends[key];
      if (next === undefined || tabs[next].disabled) return;
      choose(next);
      tabs[next].focus();
    });
  });
  choose(0);
  return (isHeld) => {
    for (const tab of tabs) tab.disabled = isHeld && tab.getAttribute("aria-selected") !== "true";
  };
}
