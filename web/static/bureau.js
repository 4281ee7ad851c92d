// Small helps for the keyboard; everything works without them. Single keys can be switched off (WCAG 2.1.4).
"use strict";
(() => {
  const KEY = "loket-toetsen";
  const dialog = document.getElementById("toetsen");
  const box = document.getElementById("toetsen-aan");
  const on = () => { try { return localStorage.getItem(KEY) !== "uit"; } catch { return true; } };
  if (box) {
    box.checked = on();
    box.addEventListener("change", () => { try { localStorage.setItem(KEY, box.checked ? "aan" : "uit"); } catch { /* private window */ } });
  }

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const lines = () => Array.from(document.querySelectorAll(".lines .go"));

  function step(by) {
    const all = lines();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1);
    all[next].focus();
  }

  const acts = {
    j: () => step(1),
    k: () => step(-1),
    w: () => { location.href = "/bureau"; },
    "/": () => { location.href = "/bureau/zoeken"; },
    b: () => { const letter = document.querySelector("[data-letter]"); if (letter) { letter.scrollIntoView(); letter.focus(); } },
    "?": () => { if (dialog && !dialog.open) dialog.showModal(); },
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      const form = event.target.closest("form[data-draft]") || document.querySelector("form[data-draft]");
      const save = form && form.querySelector("[data-save]");
      if (save) { event.preventDefault(); form.requestSubmit(save); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !on() || typing(event.target) || (dialog && dialog.open)) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // Only the facts of the chosen ground are shown; without this script all of them are.
  for (const form of document.querySelectorAll("form[data-grounds]")) {
    const choice = form.querySelector("[data-ground]");
    const show = () => {
      for (const facts of form.querySelectorAll("[data-facts]")) facts.hidden = facts.dataset.facts !== choice.value;
    };
    choice.addEventListener("change", show);
    show();
  }

  // Unsaved words in a letter: say so, and ask before the page is left.
  for (const form of document.querySelectorAll("form[data-draft]")) {
    let changed = false;
    form.addEventListener("input", () => {
      if (changed) return;
      changed = true;
      const note = document.createElement("p");
      note.className = "changed-note";
      note.setAttribute("role", "status");
      note.textContent = "Uw tekst is nog niet bewaard. Bij goedkeuren gaat hij gewoon mee.";
      form.querySelector(".decide").prepend(note);
    });
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      changed = false;
    });
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-draft]")) delete form.dataset.sent;
  });
})();
