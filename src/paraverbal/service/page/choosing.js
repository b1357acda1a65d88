/* Choosing a file: by the button, or dropped anywhere on the page. */

import { find } from "./elements.js";
import { say } from "./language.js";

/** @param {Function} chosen Called with the File. */
export function startChoosing(chosen) {
  const [input, drop] = [find("file"), find("drop")];
  const take = (files) => {
    if (files.length === 0) return;
    find("file-note").textContent = files.length > 1 ? say("input.several", { file: files[0].name }) : "";
    chosen(files[0]);
  };
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  // A file that misses its place must not replace the page.
  for (const event of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(event, (dragged) => {
      dragged.preventDefault();
      drop.classList.toggle("over", event === "dragover");
      if (event === "drop") take([...dragged.dataTransfer.files]);
    });
  }
}
