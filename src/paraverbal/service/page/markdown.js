/* The little of Markdown that a model card needs, as elements. Whatever it does not know stays text; nothing becomes HTML. */

import { make } from "./elements.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|!?\[([^\]]*)\]\(([^)\s]*)\)/;
const BLOCK_START = /^(#{1,6} |```|\||[-*] |\d+\. )/;

/**
 * @param {string} text Markdown: front matter (left out), headings, paragraphs, lists, tables, fenced code.
 * @param {number} topLevel Level that a heading of one # gets, 1..6.
 * @returns {DocumentFragment}
 */
export function markdown(text, topLevel = 3) {
  const lines = text.replaceAll("\r\n", "\n").replace(/^---\n[\s\S]*?\n---\n/, "").split("\n");
  const page = document.createDocumentFragment();
  while (lines.length > 0) {
    if (lines[0].trim() === "") lines.shift();
    else page.append(block(lines, topLevel));
  }
  return page;
}

/** Take the lines of the next block away and return its element. */
function block(lines, topLevel) {
  const line = lines[0];
  if (line.startsWith("```")) return code(lines);
  if (/^#{1,6} /.test(line)) return heading(lines.shift(), topLevel);
  if (line.startsWith("|")) return table(taken(lines, (one) => one.startsWith("|")));
  if (/^[-*] /.test(line)) return list("ul", lines, /^[-*] /);
  if (/^\d+\. /.test(line)) return list("ol", lines, /^\d+\. /);
  const first = lines.shift();
  const rest = taken(lines, (one) => one.trim() !== "" && !BLOCK_START.test(one));
  return make("p", {}, ...inline([first, ...rest].join(" ")));
}

function taken(lines, belongs) {
  const end = lines.findIndex((line) => !belongs(line));
  return lines.splice(0, end === -1 ? lines.length : end);
}

function heading(line, topLevel) {
  const [marks, ...words] = line.split(" ");
  return make(`h${Math.min(6, marks.length + topLevel - 1)}`, {}, ...inline(words.join(" ")));
}

function code(lines) {
  lines.shift();
  const inside = taken(lines, (line) => !line.startsWith("```"));
  lines.shift();
  return make("pre", { tabIndex: 0 }, make("code", {}, inside.join("\n")));
}

function list(name, lines, mark) {
  const items = [];
  while (lines.length > 0 && mark.test(lines[0])) {
    const first = lines.shift().replace(mark, "");
    const rest = taken(lines, (line) => /^\s+\S/.test(line));
    items.push(make("li", {}, ...inline([first, ...rest.map((line) => line.trim())].join(" "))));
  }
  return make(name, {}, ...items);
}

function table(lines) {
  const rows = lines.map((line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim()));
  const hasHead = rows.length > 1 && rows[1].every((cell) => /^:?-+:?$/.test(cell));
  const isRight = (column) => hasHead && rows[1][column]?.endsWith(":");
  const cell = (name) => (words, column) =>
    make(name, { className: isRight(column) ? "" : "text" }, ...inline(words));
  const body = (hasHead ? rows.slice(2) : rows).map((row) => make("tr", {}, ...row.map(cell("td"))));
  const drawn = make("table", {}, make("tbody", {}, ...body));
  if (hasHead) drawn.prepend(make("thead", {}, make("tr", {}, ...rows[0].map(cell("th")))));
  return make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: rows[0].join(", ") }, drawn);
}

/** Code, bold words, and links as their words with the address behind, between plain text. */
function inline(text) {
  const found = INLINE.exec(text);
  if (found === null) return text === "" ? [] : [text];
  const [whole, codeWords, boldWords, linkWords, address] = found;
  const rest = inline(text.slice(found.index + whole.length));
  const before = text.slice(0, found.index);
  const pieces = before === "" ? [] : [before];
  if (codeWords !== undefined) return [...pieces, make("code", {}, codeWords), ...rest];
  if (boldWords !== undefined) return [...pieces, make("strong", {}, ...inline(boldWords)), ...rest];
  return [...pieces, address === "" || address === linkWords ? linkWords : `${linkWords} (${address})`, ...rest];
}
