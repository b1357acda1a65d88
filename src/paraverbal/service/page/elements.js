/* Elements of the page: found by their id, made from a name and properties. Text is only ever set as text. */

/** The element of this id, which must be there. */
export function find(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element;
}

/** A new element: `make("td", { className: "text" }, "words", otherElement)`. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Show or hide an element. */
export function show(element, isShown) {
  element.hidden = !isShown;
}
