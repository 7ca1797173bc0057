// Makes the viewer faster to use. Every page works without it.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const leaving = new AbortController(); // the server stops a query whose answer nobody waits for
addEventListener("pagehide", () => leaving.abort());

// Numbers and rows of another build are never inserted: the server refuses requests if the corpus has changed.
const headers = { "C4-Build": document.documentElement.dataset.build };
async function ask(url, options = {}) {
  const answer = await fetch(url, { signal: leaving.signal, headers, ...options });
  if (answer.status !== 409) return answer;
  if (!$("#rebuilt")) {
    const note = document.createElement("p");
    Object.assign(note, { id: "rebuilt", className: "note", textContent: "The corpus was rebuilt or changed after this page was made. " });
    note.setAttribute("role", "alert");
    const again = document.createElement("a");
    Object.assign(again, { href: location.href.split("#")[0], textContent: "Reload the page" });
    note.append(again);
    $("#main").prepend(note);
  }
  throw new DOMException("of another build", "AbortError");
}

// The address and the links include the build that is shown, since people copy and share them.
const named = (path) => {
  const [, address, query, place] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(path);
  if (/[?&]build=/.test(query ?? "")) return path;
  return `${address}${query ? `${query}&` : "?"}build=${headers["C4-Build"]}${place ?? ""}`;
};
function stamp(event) {
  const link = event.target.closest?.('a[href^="/"]');
  if (link) link.setAttribute("href", named(link.getAttribute("href")));
}
for (const kind of ["pointerover", "pointerdown", "focusin", "click"]) addEventListener(kind, stamp, true);
addEventListener("submit", ({ target: form }) => {
  if (form.method !== "get" || form.elements.build) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "build", value: headers["C4-Build"] }));
});
if ("lasting" in document.documentElement.dataset) history.replaceState(history.state, "", named(location.pathname + location.search + location.hash));

async function page(url, options = {}) {
  const answer = await ask(url, options);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// A search covers a part of the corpus at a time. Continue until the list is full.
async function fill() {
  const hits = $("#hits");
  while (hits && hits.dataset.on && hits.children.length < 50) {
    const more = await page($("#next").href);
    if (!$("#hits", more)) return;
    hits.append(...$("#hits", more).children);
    hits.dataset.on = $("#hits", more).dataset.on;
    if (hits.children.length) $("#none")?.remove();
    $("#searched").replaceWith($("#searched", more));
    if ($("#next", more)) $("#next").replaceWith($("#next", more));
    else $("#next").remove();
  }
  if (hits && $("#none") && !$("#next")) $("#none").textContent = $("#none").dataset.final;
}

// The counts next to the filters arrive after the list, which does not wait for them.
async function count() {
  const facets = $("#facets");
  if (!facets?.dataset.counts) return;
  const counted = await page(facets.dataset.counts);
  const said = $("[data-total]", counted);
  if (!said) {
    for (const wait of $$(".wait", facets)) wait.textContent = $(".lead", counted)?.textContent ?? "not counted";
    return;
  }
  const focus = document.activeElement?.getAttribute("href");
  const held = facets.contains(document.activeElement) && focus;
  for (const part of $$("[data-facet]", facets)) {
    const fresh = $(`[data-facet=${part.dataset.facet}]`, counted);
    const open = $$("details", part).map((one) => one.open);
    $$("details", fresh).forEach((one, number) => (one.open = open[number]));
    part.replaceWith(fresh);
  }
  if (held) $$("a", facets).find((link) => link.getAttribute("href") === focus)?.focus();
  $("#total").textContent = said.textContent;
  if (said.dataset.on) return count(); // the server counts for a second at a time
  facets.dataset.counts = "";
}

// Adds the places of the owners of repeated lines to the links.
async function owners() {
  const links = $$("[data-owner]");
  const names = [...new Set(links.map((link) => link.dataset.owner))].slice(0, 100);
  if (!names.length) return;
  const answer = await ask("/owners?" + new URLSearchParams(names.map((name) => ["name", name])));
  const found = await answer.json();
  for (const link of links) {
    if (!(link.dataset.owner in found)) continue;
    const owner = found[link.dataset.owner];
    link.title = owner ? `${owner.kept ? "Kept by" : "Owned by, and rejected later:"} ${owner.url}${owner.earlier && ` of the earlier corpus ${owner.earlier}`}` : "Its owner is not here, neither kept nor among the rejected pages that the table has";
    if (!owner?.kept) $(".whose", link).textContent = owner ? " → rejected later" : " owner not here";
  }
}

// The page that replaces a dropped one, and their differences.
async function stands() {
  const place = $("#stands[data-from]");
  if (!place) return;
  const found = await page(place.dataset.from);
  if ($("#stands", found)) place.replaceWith($("#stands", found));
  else place.append(...$$(".lead", found));
}

// The verdict while the user types.
function judge() {
  const form = $("#paste");
  if (!form) return;
  let timer, asked = new AbortController();
  const send = async () => {
    asked.abort();
    asked = new AbortController();
    if (!form.text.value.trim()) return $("#verdict").replaceChildren();
    $("#verdict").setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await page("/why?part=verdict", { method: "POST", body, signal: asked.signal, headers: {} });
      $("#verdict").replaceChildren(...($("main", answer) ?? answer.body).children);
      $("#verdict").removeAttribute("aria-busy");
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(send, 300);
  });
}

function move(by) {
  const links = $$(".hit");
  if (!links.length) return;
  const at = links.indexOf(document.activeElement?.closest("li")?.querySelector(".hit"));
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (next) {
    next.focus();
    next.closest("li").scrollIntoView({ block: "nearest" });
  } else if (by > 0) $("#next")?.focus();
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches?.("textarea")) {
    event.preventDefault();
    return event.target.form?.requestSubmit();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing) return typing.blur();
  if (typing) return;
  const go = (selector) => () => $(selector)?.click();
  const listing = document.body.classList.contains("listing");
  const keys = {
    "/": () => {
      const field = $("input#q, textarea#sql, textarea#text, main form input:not([type=hidden]), main form select");
      if (field) (field.select ?? field.focus).call(field);
      else if ($("#up")) location.href = `${$("#up").getAttribute("href")}#q`;
    },
    j: listing ? () => move(1) : go("#following"),
    k: listing ? () => move(-1) : go("#previous"),
    u: go("#up"),
  };
  if (listing) Object.assign(keys, { ArrowDown: keys.j, ArrowUp: keys.k });
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

const wide = matchMedia("(min-width: 60rem)"); // where the filters are next to the list
const unfold = () => $("#filters")?.toggleAttribute("open", wide.matches);
wide.addEventListener("change", unfold);
unfold();
if (location.hash === "#q") $("#q")?.focus();
const quiet = (error) => {
  if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // the page is closed, or the server has stopped
};
for (const button of $$("[data-copy]")) {
  if (!navigator.clipboard) continue; // the field can be copied by hand
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(`#${button.dataset.copy}`).value);
    button.textContent = "Copied";
  });
}
// An answer that takes longer than a view is requested again until it is ready.
if ($("[data-again]")) setTimeout(() => location.reload(), 500);
fill().then(count).catch(quiet);
owners().catch(quiet);
stands().catch(quiet);
judge();
