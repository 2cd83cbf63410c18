"use strict";
// Sorting: up, down, as it was. A button is a key stroke as well as a click.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0];
  const asWritten = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, at) => {
    const cell = row.cells[at];
    if (cell.dataset.v === undefined) return cell.textContent.trim();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  heads.forEach((head, at) => {
    head.firstElementChild.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const rows = asWritten.slice();
      if (next !== "none") {
        const way = next === "ascending" ? 1 : -1;
        rows.sort((one, two) => {
          const a = key(one, at), b = key(two, at);
          if (a === null || b === null) return (a === null) - (b === null); // blank is not zero: it stands last either way
          return way * (typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang));
        });
      }
      body.append(...rows);
    });
  });
}
// An explanation that a link points to is unfolded, wherever it stands.
const unfold = () => {
  const there = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!there) return;
  for (let at = there; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  there.scrollIntoView({ block: "center" });
};
addEventListener("hashchange", unfold);
unfold();
// Years run from left to right: where a screen does not hold them all, the last ones come first into sight.
for (const lines of document.querySelectorAll("details.lines")) {
  lines.addEventListener("toggle", () => {
    for (const frame of lines.querySelectorAll(".scroll")) if (lines.open) frame.scrollLeft = frame.scrollWidth;
  });
}
// On paper nothing stays folded but what paper leaves out: explanations and notes.
let folded = [];
addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open])")).filter((d) => !d.closest(".explanations, .quiet"));
  folded.forEach((d) => { d.open = true; });
});
addEventListener("afterprint", () => folded.forEach((d) => { d.open = false; }));
