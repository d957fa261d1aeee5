// Search and facets over search.json: rows of [uuid, id, type, description, source, licence, agents, runs, problems].
"use strict";
(() => {
  const form = document.getElementById("search");
  const cards = document.getElementById("cards");
  const pages = document.getElementById("pages");
  const found = document.getElementById("found");
  const root = form.dataset.root;
  const first = [...cards.children];
  const MOST = 200;
  let rows = null;
  let loading = null;
  form.hidden = false;

  const load = () => {
    loading ??= fetch(`${root}search.json`)
      .then((answer) => answer.json())
      .then((data) => {
        rows = data.map((row) => ({
          row, name: row[1].toLowerCase(), text: `${row[1]} ${row[3]} ${row[4]}`.toLowerCase(),
        }));
      })
      .catch(() => { found.textContent = "Search needs a web server: open the folder over http."; });
    return loading;
  };

  const wanted = () => {
    const words = form.querySelector("#query").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = (name) => form.elements[name]?.value ?? "";
    const checked = (name) => form.elements[name]?.checked ?? false;
    return {
      words, type: chosen("type"), source: chosen("source"), licence: chosen("licence"),
      agent: chosen("agent"), runs: checked("runs"), problems: checked("problems"),
    };
  };

  const fits = ({ row, text }, want) =>
    want.words.every((word) => text.includes(word)) &&
    (!want.type || row[2] === want.type) && (!want.source || row[4] === want.source) &&
    (!want.licence || row[5] === want.licence) && (!want.agent || row[6].includes(want.agent)) &&
    (!want.runs || row[7]) && (!want.problems || row[8]);

  // Those whose names say it first, then the others; each in the order of the catalog.
  const search = (want) => {
    const named = [];
    const others = [];
    for (const item of rows) {
      if (fits(item, want)) (want.words.every((word) => item.name.includes(word)) ? named : others).push(item);
    }
    return named.concat(others);
  };

  const card = (row) => {
    const item = document.createElement("li");
    item.className = "card";
    const link = document.createElement("a");
    link.href = `${root}a/${row[0]}/index.html`;
    const type = document.createElement("span");
    type.className = `type type-${row[2]}`;
    type.textContent = row[2];
    const name = document.createElement("strong");
    name.textContent = row[1].slice(row[1].indexOf(":") + 1);
    link.append(type, " ", name);
    item.append(link);
    if (row[7]) item.append(" ", mark("runs", "runs"));
    if (row[8]) item.append(" ", mark("problem", "problems"));
    if (row[3]) {
      const text = document.createElement("p");
      text.textContent = row[3].length > 220 ? `${row[3].slice(0, 219)}…` : row[3];
      item.append(text);
    }
    return item;
  };

  const mark = (kind, text) => {
    const span = document.createElement("span");
    span.className = `mark ${kind}`;
    span.textContent = text;
    return span;
  };

  const show = () => {
    const want = wanted();
    const isAll = !want.words.length && !want.type && !want.source && !want.licence && !want.agent && !want.runs && !want.problems;
    if (pages) pages.hidden = !isAll;
    if (isAll || rows === null) {
      cards.replaceChildren(...first);
      found.textContent = "";
      return;
    }
    const hits = search(want);
    cards.replaceChildren(...hits.slice(0, MOST).map((item) => card(item.row)));
    found.textContent = hits.length > MOST ? `${hits.length} found, the first ${MOST} shown` : `${hits.length} found`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => load().then(show));
  form.addEventListener("focusin", load, { once: true });
  if (form.querySelector("#query").value) load().then(show);
})();
