"use strict";
const body = document.body;
document.getElementById("theme").addEventListener("click", () => {
  const dark = body.classList.contains("dark") ||
    (!body.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  body.classList.toggle("dark", !dark);
  body.classList.toggle("light", dark);
});

const collator = new Intl.Collator("en", { numeric: true });
function compare(one, other) {
  const [a, b] = [one, other].map((text) => Number(text.replaceAll(",", "").replace(/%$/, "")));
  return Number.isNaN(a) || Number.isNaN(b) ? collator.compare(one, other) : a - b;
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll(".titles > *").forEach((title, column) => {
    if (title.tagName !== "TH") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title.textContent;
    title.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = title.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", order);
      const rows = [...table.tBodies[0].rows];
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compare(a.cells[column].textContent, b.cells[column].textContent));
      table.tBodies[0].append(...rows);
    });
  });
}

for (const filter of document.querySelectorAll(".filter")) {
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of filter.parentElement.querySelector("tbody").rows)
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

for (const search of document.querySelectorAll(".search")) {
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const section of document.querySelectorAll(".links")) {
      for (const item of section.querySelectorAll("li")) {
        const text = `${item.textContent} ${item.dataset.words}`.toLowerCase();
        item.hidden = !words.every((word) => text.includes(word));
      }
      section.hidden = !section.querySelector("li:not([hidden])");
    }
  });
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "selected: press Ctrl-C";
    }
  });
}
