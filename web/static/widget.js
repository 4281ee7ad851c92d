// The chat on an organisation's own pages: <script src=".../widget.js" data-org="key" defer></script> (docs/widget.md).
// One file, no dependency. It works inside a strict Content-Security-Policy with Trusted Types: the sheet is a
// constructed one, nothing is written as markup. Until somebody opens it, it asks nothing and stores nothing.
// Three parts: words and sheet, `talk` (what is said, kept and sent again), `face` (what is seen).
"use strict";
(() => {
  const script = document.currentScript;
  const { org, inside, portalUrl } = script.dataset;
  const BASE = new URL(script.src).origin;
  const ROOM = `${BASE}/chat/${encodeURIComponent(org)}`;
  const LANG = (script.dataset.lang || document.documentElement.lang || navigator.language).startsWith("en") ? "en" : "nl";
  const SECOND = 1000, LIMIT = 15 * SECOND, HELD = 40 * SECOND, UPLOAD = 120 * SECOND; // HELD: the desk holds a question for 20
  const MAX_TEXT = 4000, MAX_FILE = 10_000_000;

  // The words of the frame address nobody, so they fit "je" and "u"; what the desk says has its own form.
  const WORDS = {
    nl: {
      launch: "Vraag over privacy", title: "Privacy en persoonsgegevens", close: "Sluit", region: "Gesprek",
      bot: "Hier antwoordt een automatische assistent, geen mens. Over elk verzoek beslist een medewerker. Liever meteen een medewerker? Typ ‘mens’.",
      about: "Wat er met dit gesprek gebeurt", fresh: "Nieuw gesprek", sure: "Dit gesprek verdwijnt van dit apparaat. Verzoeken lopen gewoon door. Doorgaan?",
      field: "Bericht", send: "Verstuur", attach: "Bestand", choices: "Snelle antwoorden",
      visitor: "Eigen bericht", assistant: "Automatische assistent", person: "Medewerker",
      sending: "Wordt verstuurd", failed: "Niet verstuurd", file: "Bestand verstuurd", tab: "opent een nieuw tabblad",
      help: "Alleen PDF, JPEG of PNG, hoogstens 10 MB. Maak een BSN en een pasfoto eerst onleesbaar.", sendFile: "Verstuur dit bestand", noFile: "Toch niet",
      uploading: "Het bestand wordt verstuurd.", later: "Dat lukt nu niet. Probeer het straks opnieuw.",
      joining: "Verbinding maken.", offline: "Geen verbinding. Wat hier staat gaat vanzelf weg zodra het weer kan.", again: "De verbinding is er weer.",
      closed: "De chat werkt niet op deze pagina.", own: "Open de chat op een eigen pagina", expired: "Het vorige gesprek was verlopen. Dit is een nieuw gesprek.",
      too_many: "Dat zijn veel berichten achter elkaar. Het bericht gaat over een halve minuut vanzelf weg.", too_long: "Dit is te lang of te groot en is niet verstuurd.",
      unreadable: "Dit bericht kan zo niet worden verstuurd.", file_type: "Dit is geen PDF, JPEG of PNG. Het is niet verstuurd.", no_case: "Er is nog niet om een bestand gevraagd. Het is niet verstuurd.",
      unread: (n) => (n === 1 ? "1 nieuw bericht" : `${n} nieuwe berichten`),
    },
    en: {
      launch: "Privacy question", title: "Privacy and personal data", close: "Close", region: "Conversation",
      bot: "An automatic assistant answers here, not a human. A member of staff decides on every request. Rather talk to a person straight away? Type ‘human’.",
      about: "What happens with this conversation", fresh: "New conversation", sure: "This conversation disappears from this device. Requests simply go on. Continue?",
      field: "Message", send: "Send", attach: "File", choices: "Quick replies",
      visitor: "Your message", assistant: "Automatic assistant", person: "Member of staff",
      sending: "Sending", failed: "Not sent", file: "File sent", tab: "opens a new tab",
      help: "Only PDF, JPEG or PNG, at most 10 MB. Make a BSN and passport photo unreadable first.", sendFile: "Send this file", noFile: "Never mind",
      uploading: "The file is being sent.", later: "That does not work now. Please try again later.",
      joining: "Connecting.", offline: "No connection. What is written here leaves by itself as soon as it can.", again: "The connection is back.",
      closed: "The chat does not work on this page.", own: "Open the chat on a page of its own", expired: "The previous conversation had ended. This is a new one.",
      too_many: "Those are many messages in a row. The message leaves by itself in half a minute.", too_long: "This is too long or too large and was not sent.",
      unreadable: "This message can not be sent like this.", file_type: "This is no PDF, JPEG or PNG. It was not sent.", no_case: "Nobody has asked for a file yet. It was not sent.",
      unread: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
    },
  }[LANG];

  // Contrast as in loket.css (WCAG 2.2 AA); nothing moves, so there is nothing to reduce.
  const SHEET = `
    :host { all: initial !important; display: block !important; color-scheme: light dark !important; font: 400 max(16px, 1rem)/1.5 system-ui, sans-serif !important;
      --sheet: #fff; --ink: #1c2730; --soft: #51616d; --edge: #7b8b96; --sea: #1d5c7a; --on: #fff; --wash: #e5f0f5; --bad: #a32020; --focus: #b8500a; }
    @media (prefers-color-scheme: dark) { :host { --sheet: #1a242b; --ink: #e6edf1; --soft: #a3b3bd; --edge: #7f929e; --sea: #7cc3e3; --on: #0c2029; --wash: #1d3542; --bad: #f39a92; --focus: #ffb35c; } }
    @media print { :host { display: none !important; } }
    * { box-sizing: border-box; font: inherit; }
    [hidden] { display: none !important; }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    button, .link { min-height: 2.75em; min-width: 2.75em; padding: .4em .9em; border: 1px solid var(--edge); border-radius: 6px; background: var(--sheet); color: var(--ink); cursor: pointer; }
    button:hover { border-color: var(--ink); }
    .main, .launch { background: var(--sea); border-color: var(--sea); color: var(--on); font-weight: 600; }
    .launch { position: fixed; inset-block-end: 1em; inset-inline-end: 1em; z-index: 2147483000; min-height: 3em; border-radius: 1.5em; padding: .5em 1.25em; border: 2px solid var(--on); box-shadow: 0 2px 10px rgb(0 0 0 / 30%); }
    .panel { position: fixed; inset: auto; inset-block-end: 1em; inset-inline-end: 1em; z-index: 2147483001; margin: 0; padding: 0; width: 24em; height: min(38em, calc(100dvh - 2em)); max-width: none; max-height: none;
      border: 1px solid var(--edge); border-radius: 12px; background: var(--sheet); color: var(--ink); overflow: hidden; box-shadow: 0 4px 24px rgb(0 0 0 / 30%); }
    .panel.page { position: static; width: auto; height: min(42em, max(26em, 100dvh - 18em)); box-shadow: none; }
    .panel > div { height: 100%; display: flex; flex-direction: column; }
    .head { display: flex; gap: .5em; align-items: center; padding: .5em .5em .5em 1em; background: var(--sea); color: var(--on); }
    h2 { flex: 1; margin: 0; font-weight: 650; line-height: 1.3; }
    h2 span { display: block; font-weight: 400; font-size: .875em; }
    .head button { background: transparent; color: inherit; border-color: currentcolor; }
    .head button:hover { border-color: currentcolor; text-decoration: underline; }
    .head :focus-visible { outline-color: currentcolor; }
    .scroll { position: relative; flex: 1; min-height: 6em; overflow-y: auto; padding: .75em; overflow-wrap: anywhere; overscroll-behavior: contain; }
    .scroll:focus-visible { outline-offset: -3px; }
    p { margin: 0; }
    .bot { padding: .5em .75em; border-inline-start: 4px solid var(--sea); background: var(--wash); font-size: .9em; }
    .line { margin-block: .6em; max-width: 90%; width: fit-content; padding: .5em .75em; border: 1px solid var(--edge); border-radius: 10px; }
    .line.visitor { margin-inline-start: auto; background: var(--wash); }
    .line .who { font-size: .8em; font-weight: 600; color: var(--soft); }
    .line.person { border-inline-start: 4px solid var(--focus); }
    .line .text { white-space: pre-wrap; }
    .line .state { font-size: .8em; color: var(--soft); }
    .line .bad, .bad { color: var(--bad); font-weight: 600; }
    .choices, .row { display: flex; flex-wrap: wrap; gap: .5em; }
    .choices button { border-color: var(--sea); color: var(--sea); font-weight: 600; text-align: start; }
    .status { padding: 0 .75em; font-size: .9em; color: var(--soft); }
    form, .upload, .foot { padding: .5em .75em; border-block-start: 1px solid var(--edge); }
    textarea { display: block; width: 100%; min-height: 2.75em; max-height: 9em; padding: .5em .6em; margin-block-end: .5em; border: 1px solid var(--edge); border-radius: 6px; background: var(--sheet); color: var(--ink); resize: none; field-sizing: content; }
    form .main { margin-inline-start: auto; }
    .foot { display: flex; flex-wrap: wrap; gap: 0 1em; align-items: center; justify-content: space-between; padding-block: 0; font-size: .875em; }
    a { color: var(--sea); }
    .status a, .foot a, .foot button { min-height: 3.15em; display: inline-flex; align-items: center; }
    .foot button { border: 0; padding-inline: 0; color: var(--sea); text-decoration: underline; }
    @media (max-width: 30em), (max-height: 30em) {
      .panel:not(.page) { inset: 0; width: 100%; height: 100dvh; border: 0; border-radius: 0; }
      .panel:not(.page) > div { overflow-y: auto; }
    }
    @media (max-height: 30em) { .panel.page { height: auto; } .scroll { flex: none; overflow: visible; } }`;

  class Refusal extends Error {} // the desk's own answer; its message is the code

  const pause = (time) => new Promise((done) => setTimeout(done, time));
  const number = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // A browser that keeps nothing (private window, blocked storage) still gets a chat, until the page is left.
  const kept = (place) => {
    const memory = new Map();
    return {
      get: (name) => { try { return JSON.parse(window[place].getItem(name)); } catch { return memory.get(name) ?? null; } },
      set: (name, value) => { memory.set(name, value); try { window[place].setItem(name, JSON.stringify(value)); } catch { /* memory holds it */ } },
      drop: (name) => { memory.delete(name); try { window[place].removeItem(name); } catch { /* was not there */ } },
    };
  };
  const device = kept("localStorage"), tab = kept("sessionStorage");

  // --- what is said -------------------------------------------------------------------------------------------------

  const makeTalk = (face) => {
    let key = "", token = "", ready = false, started = false, closed = false, everHeard = false;
    let lines = new Map(), waiting = []; // waiting: own messages that are not among the lines yet, oldest first
    let socket = null, direct = false, flying = "", watch = 0, tries = 0, wake = () => {}, cut = () => {};

    const post = async (act, body, { limit = LIMIT, raw = null } = {}) => {
      const headers = raw ? { "Content-Type": "application/octet-stream" } : { "Content-Type": "application/json" };
      if (token) headers.Authorization = `Bearer ${token}`;
      const answer = await fetch(`${ROOM}/${act}`, {
        method: "POST", headers, body: raw || JSON.stringify(body), credentials: "omit", cache: "no-store",
        referrerPolicy: "no-referrer", signal: AbortSignal.timeout(limit),
      });
      const found = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refusal(found.error || "later");
      return found;
    };

    const save = () => tab.set(`${key}.waiting`, waiting);
    const draw = () => face.draw([...lines.values(), ...waiting], ready);

    const take = (found, whole) => {
      if (whole) lines = new Map();
      for (const line of found) lines.set(line.id, line);
      const shown = new Set(found.map((line) => line.ref));
      waiting = waiting.filter((message) => !shown.has(message.id));
      save();
      draw();
    };

    // The portal's user has a place of their own: who logs out, or logs in as another, does not find this talk.
    const placeOf = async (portal) => {
      if (!portal) return `privacyloket.${org}`;
      const claims = JSON.parse(atob(portal.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      for (const passing of ["iat", "exp", "nbf", "jti"]) delete claims[passing];
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(claims)));
      return `privacyloket.${org}.${Array.from(new Uint8Array(digest).slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    };

    const portalToken = async () => {
      if (!portalUrl) return "";
      const answer = await fetch(portalUrl, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(LIMIT) });
      return answer.ok ? (await answer.text()).trim() : "";
    };

    const open = async () => {
      let portal = await portalToken().catch(() => "");
      key = await placeOf(portal).catch(() => { portal = ""; return `privacyloket.${org}`; });
      const old = device.get(key) || "";
      waiting = tab.get(`${key}.waiting`) || [];
      draw(); // what was not sent yet is there, also while the desk is not
      let opened = null;
      token = "";
      if (old) opened = await post("open", { token: old });
      if (portal && !opened?.known) opened = await post("open", { portal }).catch((error) => { if (error.message === "bad_token") return null; throw error; });
      opened ??= await post("open", {});
      token = opened.token;
      device.set(key, token);
      ready = everHeard = true;
      if (old && !opened.resumed) {
        waiting = waiting.filter((message) => !message.stored);
        if (!opened.known) face.say("expired");
      }
      face.name(opened.name);
      take(opened.lines, true);
    };

    const heard = () => {
      tries = 0;
      face.say("", "joining", "offline");
      flush();
    };

    // Gives whether it was of use: a socket that never answered says that something in between lets none through.
    const overSocket = () => new Promise((done, fail) => {
      const mine = token;
      const line = new WebSocket(`${ROOM.replace(/^http/, "ws")}/live`);
      const timer = setTimeout(() => line.close(), LIMIT);
      let useful = false;
      line.onopen = () => line.send(JSON.stringify({ token }));
      line.onmessage = ({ data }) => {
        if (mine !== token) return; // a new conversation began meanwhile
        const found = JSON.parse(data);
        if (found.lines) {
          if (!useful) { clearTimeout(timer); useful = true; socket = line; direct = false; heard(); }
          take(found.lines, false);
        }
        if (found.kept) stored(found.kept);
        if (found.error) refused(found.id, found.error);
      };
      line.onclose = ({ code }) => {
        clearTimeout(timer);
        clearTimeout(watch);
        socket = null;
        flying = "";
        if (code === 4401) fail(new Refusal("no_session")); else done(useful);
      };
    });

    const overPolls = async (rounds) => {
      while (rounds-- > 0) {
        const asked = post("lines", { have: direct ? lines.size : -1 }, { limit: HELD });
        const found = await Promise.race([asked, new Promise((_, fail) => { cut = () => fail(new Refusal("no_session")); })]);
        direct = true;
        take(found.lines, true);
        heard();
      }
    };

    // A page that may not use this chat can read no answer: then our own file, which every page may load, tells it from a broken line.
    const mayNot = () => fetch(script.src, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(LIMIT) }).then(() => true, () => false);

    const run = async () => {
      while (!closed) {
        try {
          if (!ready) await open();
          if (!(await overSocket())) await overPolls(6);
          else face.say("joining");
        } catch (error) {
          direct = false;
          if (error.message === "no_session") { ready = false; flying = ""; }
          else if (!everHeard && (["closed", "bad_origin"].includes(error.message) || (!(error instanceof Refusal) && (await mayNot())))) { closed = true; face.say("closed"); return; }
          else face.say("offline");
        }
        const time = Math.min(30, 2 ** tries++) * SECOND * (0.5 + Math.random() / 2);
        await Promise.race([pause(time), new Promise((done) => { wake = done; })]);
      }
    };

    const flush = () => {
      const next = waiting.find((message) => !message.stored && !message.refused);
      if (!next || flying || !ready || !(socket || direct)) return;
      flying = next.id;
      const fields = { id: next.id, text: next.text, choice: next.choice, language: LANG };
      if (socket) {
        socket.send(JSON.stringify(fields));
        watch = setTimeout(() => socket?.close(), LIMIT); // no answer: a line that looks open and is dead
      } else {
        post("say", fields).then(() => stored(next.id), (error) => refused(next.id, error instanceof Refusal ? error.message : "later"));
      }
    };

    const settled = (id, change) => {
      clearTimeout(watch);
      if (flying === id) flying = "";
      const message = waiting.find((one) => one.id === id);
      if (message) Object.assign(message, change);
      save();
      draw();
    };
    const stored = (id) => { settled(id, { stored: true }); face.say("", "too_many", "offline"); flush(); };
    const refused = (id, code) => {
      if (code === "no_session") { ready = false; flying = ""; socket?.close(); return; }
      const passing = code === "later" || code === "too_many";
      settled(id, passing ? {} : { refused: code });
      face.say(code === "later" ? "offline" : code);
      if (passing) setTimeout(flush, code === "later" ? 5 * SECOND : 30 * SECOND); else flush();
    };

    // A file waits for the conversation, as messages do, as long as it is `wanted`; a conversation that the desk no longer knows begins anew.
    const upload = async (id, file, wanted) => {
      for (const until = Date.now() + UPLOAD; !ready; await pause(SECOND / 10)) {
        if (closed || !wanted() || Date.now() > until) throw new Refusal("later");
      }
      const mine = token;
      try {
        await post(`file?id=${id}`, null, { raw: file, limit: UPLOAD });
      } catch (error) {
        if (error.message !== "no_session") throw error;
        if (mine === token) { ready = false; socket?.close(); cut(); wake(); }
        await upload(id, file, wanted);
      }
    };

    const start = () => {
      if (started) return;
      started = true;
      face.say("joining");
      addEventListener("online", () => wake());
      document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
      run();
    };

    return {
      start,
      say: (text, choice = "") => { waiting.push({ id: number(), by: "visitor", text, choice }); save(); draw(); flush(); },
      upload,
      forget: () => {
        device.drop(key);
        token = flying = "";
        ready = false;
        [lines, waiting] = [new Map(), []];
        save();
        draw();
        face.say("joining");
        socket?.close();
        cut();
        wake();
      },
    };
  };

  // --- what is seen -------------------------------------------------------------------------------------------------

  const el = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "string") made.setAttribute(name, value); else made[name] = value;
    }
    made.append(...children);
    return made;
  };
  const link = (address, words) => el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words, el("span", { class: "unseen" }, ` (${WORDS.tab})`));
  const withLinks = (text) => text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/).map((part, at) => (at % 2 ? link(part, part) : part));

  const makeFace = () => {
    const host = el("privacyloket-chat");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];

    const nodes = new Map();
    const draftPlace = `privacyloket.${org}.draft`, openPlace = `privacyloket.${org}.open`;
    let said = "", unread = 0, filled = false, chosen = null, placed = 0;

    const log = el("div", { role: "log", "aria-live": "off" });
    const choices = el("div", { class: "choices", role: "group", "aria-label": WORDS.choices, hidden: true });
    const scroll = el("div", { class: "scroll", role: "region", "aria-label": WORDS.region, tabindex: "0" }, el("p", { class: "bot", id: "bot" }, WORDS.bot), log, choices);
    const status = el("p", { class: "status", role: "status" });
    const field = el("textarea", { id: "field", rows: "1", maxlength: String(MAX_TEXT), oninput: () => tab.set(draftPlace, field.value), onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
    } });
    field.value = tab.get(draftPlace) || "";
    const picker = el("input", { type: "file", accept: ".pdf,.jpg,.jpeg,.png", hidden: true, tabindex: "-1", "aria-label": WORDS.attach, onchange: () => pick(picker.files[0]) });
    const attach = el("button", { type: "button", onclick: () => picker.click() }, WORDS.attach);
    const form = el("form", { onsubmit: (event) => { event.preventDefault(); submit(); } },
      el("label", { class: "unseen", for: "field" }, WORDS.field), field,
      el("div", { class: "row" }, attach, picker, el("button", { class: "main", type: "submit" }, WORDS.send)));
    const fileName = el("strong", { dir: "auto" });
    const sendFile = el("button", { class: "main", type: "button", "aria-describedby": "file-help", onclick: () => upload() }, WORDS.sendFile);
    const uploadBox = el("div", { class: "upload", hidden: true }, el("p", {}, fileName), el("p", { id: "file-help" }, WORDS.help),
      el("div", { class: "row" }, sendFile, el("button", { type: "button", onclick: () => pick(null) }, WORDS.noFile)));
    const organisation = el("span");
    const fresh = el("button", { type: "button", onclick: () => { if (confirm(WORDS.sure)) { talk.forget(); field.focus(); } } }, WORDS.fresh);
    const shut = el("button", { type: "button", onclick: () => close() }, WORDS.close);
    // The frame speaks Dutch or English, which run left to right, whatever the page around it does.
    const body = el("div", { dir: "ltr" }, el("div", { class: "head" }, el("h2", { id: "title" }, WORDS.title, organisation), ...(inside ? [] : [shut])), scroll, status, uploadBox, form,
      el("div", { class: "foot" }, link(`${BASE}/privacy/${encodeURIComponent(org)}${LANG === "en" ? "?taal=en" : ""}`, WORDS.about), fresh));
    const panel = el(inside ? "section" : "dialog", { class: inside ? "panel page" : "panel", "aria-labelledby": "title", "aria-describedby": "bot", lang: LANG }, body);
    const badge = el("span"), news = el("p", { class: "unseen", role: "status" });
    const launch = el("button", { class: "launch", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => open(true) }, WORDS.launch, badge);

    const seen = () => Boolean(inside) || panel.open;
    // To the end, but never past the beginning of `node`: a line is read from its top.
    const toEnd = (node) => {
      scroll.scrollTop = node ? Math.min(node.offsetTop - 8, scroll.scrollHeight) : scroll.scrollHeight;
      placed = scroll.scrollTop;
    };
    const count = (n) => { unread = n; news.textContent = n ? WORDS.unread(n) : ""; badge.textContent = n ? ` (${news.textContent})` : ""; };

    // On a small screen it covers the page, so the page behind it is out of reach meanwhile.
    const small = () => matchMedia("(max-width: 30em), (max-height: 30em)").matches;
    const open = (focus) => {
      if (panel.open) return;
      const stood = document.activeElement;
      if (small()) panel.showModal(); else panel.show();
      launch.hidden = true;
      launch.setAttribute("aria-expanded", "true");
      tab.set(openPlace, true);
      count(0);
      toEnd();
      if (focus) field.focus();
      else if (stood && stood !== document.body) stood.focus();
      else document.activeElement?.blur();
      talk.start();
    };
    const close = () => {
      panel.close();
      launch.hidden = false;
      launch.setAttribute("aria-expanded", "false");
      tab.drop(openPlace);
      launch.focus();
    };
    const submit = () => {
      const text = field.value.trim();
      if (!text) return;
      if (!["joining", "offline", "too_many"].includes(said)) say(""); // it was read by now
      field.value = "";
      tab.drop(draftPlace);
      talk.say(text);
      toEnd();
    };
    const pick = (file) => {
      chosen = file ? { id: number(), file } : null;
      picker.value = "";
      uploadBox.hidden = !chosen;
      fileName.textContent = file ? file.name : "";
      (chosen ? sendFile : attach).focus();
    };
    const upload = async () => {
      const { id, file } = chosen, wanted = () => chosen?.id === id;
      if (file.size > MAX_FILE) { say("too_long"); return; }
      sendFile.disabled = true;
      say("uploading");
      try {
        await talk.upload(id, file, wanted);
        say("");
        if (wanted()) pick(null);
      } catch (error) {
        if (!wanted()) say("", "uploading");
        else say(error instanceof Refusal && error.message in WORDS ? error.message : "later");
      }
      sendFile.disabled = false;
    };

    // `only`: what it takes the place of; with none, of whatever stands there.
    const say = (code, ...only) => {
      if (only.length && !only.includes(said)) return;
      if (!code && said === "offline") code = "again";
      said = code in WORDS ? code : code && "later";
      status.textContent = said ? WORDS[said] : "";
      if (said === "closed") {
        const own = link(ROOM, WORDS.own), stood = form.contains(root.activeElement);
        status.append(" ", own);
        form.hidden = true;
        if (stood) own.focus();
      }
    };

    const bubble = (entry) => el("div", { class: `line ${entry.by}` }, el("p", { class: entry.by === "visitor" ? "who unseen" : "who" }, `${WORDS[entry.by]}:`),
      el("p", { class: "text", dir: "auto" }, ...(entry.text ? withLinks(entry.text) : [WORDS.file])), el("p", { class: "state" }));

    const draw = (entries, whole) => {
      // Who scrolled back to read stays there.
      const follows = scroll.scrollTop === placed || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
      let newest = null;
      const names = entries.map((entry) => entry.ref || entry.id);
      for (const [name, node] of nodes) if (!names.includes(name)) { node.remove(); nodes.delete(name); }
      entries.forEach((entry, at) => {
        if (!nodes.has(names[at])) {
          nodes.set(names[at], bubble(entry));
          if (filled && !seen() && entry.by !== "visitor") count(unread + 1);
          if (entry.by !== "visitor") newest = nodes.get(names[at]);
        }
        const node = nodes.get(names[at]);
        if (log.children[at] !== node) log.insertBefore(node, log.children[at] || null);
        const state = node.lastChild, open = "choice" in entry;
        state.textContent = !open ? "" : entry.refused ? WORDS.failed : entry.stored ? "" : WORDS.sending;
        state.hidden = !state.textContent;
        state.classList.toggle("bad", Boolean(entry.refused));
      });
      offer(entries.at(-1)?.choices || []);
      if (follows || !filled) toEnd(newest);
      // What was said before is there to be read, not to be counted or read out; what comes now is.
      if (whole && !filled) {
        filled = true;
        setTimeout(() => log.setAttribute("aria-live", "polite"), 300);
      }
    };

    // Quick replies count only under the newest line. Who stood on one goes on in the field.
    const offer = (found) => {
      const stood = choices.contains(root.activeElement);
      const same = found.map((choice) => choice.value).join(" ") === choices.dataset.values;
      if (same) return;
      choices.dataset.values = found.map((choice) => choice.value).join(" ");
      choices.replaceChildren(...found.map((choice) => el("button", { type: "button", onclick: () => { talk.say(choice.words, choice.value); field.focus(); toEnd(); } }, choice.words)));
      choices.hidden = !found.length;
      if (stood) field.focus();
    };

    const talk = makeTalk({ say, draw, name: (words) => { organisation.textContent = words; } });
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape" && !inside) { event.preventDefault(); event.stopPropagation(); close(); } });
    panel.addEventListener("cancel", (event) => { event.preventDefault(); close(); });

    const place = () => {
      if (inside) { root.append(panel); document.getElementById(inside).append(host); talk.start(); return; }
      root.append(el("aside", { "aria-label": WORDS.launch, lang: LANG }, launch, news), panel);
      document.body.append(host);
      if (!tab.get(openPlace)) return;
      if (small()) talk.start(); else open(false); // it was open on the page before this one
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place); else place();
  };

  if (org && !document.querySelector("privacyloket-chat")) makeFace();
})();
