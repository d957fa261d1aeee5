// Zoom, moving by dragging, and finding a tile by its name.
"use strict";
(() => {
  const graph = document.getElementById("graph");
  const frame = graph.parentElement;
  const [, , width, height] = graph.getAttribute("viewBox").split(" ").map(Number);
  const links = [...graph.querySelectorAll("a[data-name]")];
  const hits = document.getElementById("hits");
  let scale = 1;
  document.getElementById("tools").hidden = false;

  const zoom = (to) => {
    const middle = [(frame.scrollLeft + frame.clientWidth / 2) / scale, (frame.scrollTop + frame.clientHeight / 2) / scale];
    scale = Math.min(4, Math.max(0.05, to));
    graph.setAttribute("width", width * scale);
    graph.setAttribute("height", height * scale);
    frame.scrollLeft = middle[0] * scale - frame.clientWidth / 2;
    frame.scrollTop = middle[1] * scale - frame.clientHeight / 2;
  };
  document.getElementById("larger").addEventListener("click", () => zoom(scale * 1.3));
  document.getElementById("smaller").addEventListener("click", () => zoom(scale / 1.3));
  document.getElementById("whole").addEventListener("click", () => zoom(Math.min(frame.clientWidth / width, 1)));
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });

  let from = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) from = [event.clientX + frame.scrollLeft, event.clientY + frame.scrollTop, false];
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [left, top] = [from[0] - event.clientX, from[1] - event.clientY];
    if (Math.abs(left - frame.scrollLeft) + Math.abs(top - frame.scrollTop) > 4) from[2] = true;
    frame.scrollLeft = left;
    frame.scrollTop = top;
  });
  addEventListener("pointerup", () => setTimeout(() => { from = null; }));
  frame.addEventListener("click", (event) => { if (from?.[2]) event.preventDefault(); }, true);
  frame.addEventListener("dragstart", (event) => event.preventDefault());

  document.getElementById("find").addEventListener("input", (event) => {
    const word = event.target.value.toLowerCase();
    let first = null;
    let count = 0;
    for (const link of links) {
      const is = word !== "" && link.dataset.name.toLowerCase().includes(word);
      link.querySelector(".tile").classList.toggle("hit", is);
      link.classList.toggle("dim", word !== "" && !is);
      count += is;
      if (is) first ??= link;
    }
    hits.textContent = word ? `${count} found` : "";
    if (first) {
      const tile = first.querySelector(".tile");
      frame.scrollLeft = tile.x.baseVal.value * scale - frame.clientWidth / 2;
      frame.scrollTop = tile.y.baseVal.value * scale - frame.clientHeight / 2;
    }
  });
})();
