// Says that something changed since this page was made; the page itself is left alone.
"use strict";
(() => {
  const note = document.querySelector("[data-stand]");
  if (!note) return;
  const seconds = Number(note.dataset.seconds);
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(note.dataset.stand, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const { stand } = await answer.json();
      if (stand === note.dataset.now) return;
      const busy = document.querySelector("details[open]") || document.activeElement.closest("input, textarea, select, privacyloket-chat");
      if (note.dataset.reload && !busy) location.reload();
      else note.hidden = false;
    } catch { /* the next look may work */ }
  };
  setInterval(look, seconds * 1000);
})();
