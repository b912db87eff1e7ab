"use strict";
// A cell of the matrix picks the examples shown below; arrow keys walk from cell to cell; commands copy themselves.
const cells = [...document.querySelectorAll("[data-pick]")];
const cards = [...document.querySelectorAll(".card")];
const heading = document.getElementById("shelf");
const back = document.getElementById("errors");

function show(cell) {
  const key = cell && cell.dataset.pick;
  let count = 0;
  for (const card of cards) {
    card.hidden = cell ? card.dataset.cell !== key : !("wrong" in card.dataset);
    if (!card.hidden) count += 1;
  }
  for (const other of cells) other.setAttribute("aria-pressed", String(other === cell));
  const all = cell ? Number(cell.textContent.replaceAll(",", "")) : count;
  heading.textContent = cell ? cell.getAttribute("aria-label") + (count < all ? ` (${count} shown)` : "") : heading.dataset.errors;
  back.hidden = !cell;
}

function neighbour(cell, key) {
  const row = Number(cell.dataset.row), column = Number(cell.dataset.column);
  const ways = {
    ArrowRight: (r, c) => r === row && c > column, ArrowLeft: (r, c) => r === row && c < column,
    ArrowDown: (r, c) => c === column && r > row, ArrowUp: (r, c) => c === column && r < row,
  };
  if (!(key in ways)) return null;
  const ahead = cells.filter((other) => ways[key](Number(other.dataset.row), Number(other.dataset.column)));
  return key === "ArrowRight" || key === "ArrowDown" ? ahead[0] : ahead[ahead.length - 1];
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = button.dataset.copy;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const text = button.textContent;
  button.textContent = "copied";
  button.classList.add("done");
  setTimeout(() => { button.textContent = text; button.classList.remove("done"); }, 1200);
}

for (const cell of cells) {
  cell.setAttribute("aria-pressed", "false");
  cell.addEventListener("click", () => show(cell.getAttribute("aria-pressed") === "true" ? null : cell));
  cell.addEventListener("keydown", (event) => {
    const next = neighbour(cell, event.key);
    if (next) { event.preventDefault(); next.focus(); }
  });
}
for (const button of document.querySelectorAll(".copy")) {
  button.title = "copy this command";
  button.addEventListener("click", () => copy(button));
}
if (back) back.addEventListener("click", () => show(null));
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && back) show(null); });
