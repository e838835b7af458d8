// What JavaScript adds to pages that are complete without it: fresh countdowns, a counter, copying, dropping of files,
// a typed confirmation that is checked before it is sent. Nothing here decides anything; the server checks all again.
import htmx from "htmx.org";
import Alpine from "@alpinejs/csp";
import { startBeside } from "./beside.js";
import { startCountdowns } from "./countdown.js";
import { startCover } from "./cover.js";
import { startMenus } from "./menus.js";
import { startPaste } from "./paste.js";
import { copyable, draft, drop, dismissable, typed } from "./parts.js";
import { say } from "./words.js";

htmx.config.includeIndicatorStyles = false; // our style sheet has them; the policy forbids inline styles
htmx.config.allowEval = false;
htmx.config.allowScriptTags = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages hold buyers' words: nothing of them stays in localStorage
htmx.config.timeout = 15000;

Alpine.data("copyable", copyable);
Alpine.data("draft", draft);
Alpine.data("drop", drop);
Alpine.data("dismissable", dismissable);
Alpine.data("typed", typed);
Alpine.start();

startCountdowns();
startMenus();
startCover();
startBeside();
startPaste((text) => toast(text));

// A refreshed list must not pull the ground from under a finger or a keyboard focus.
document.addEventListener("htmx:beforeRequest", (event) => {
  const trigger = event.target;
  if (!(trigger instanceof HTMLElement) || !trigger.hasAttribute("data-refresh")) return;
  if (document.hidden || trigger.contains(document.activeElement)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", () => startCountdowns());

// What happens behind the scenes fails aloud, except a silent refresh that will simply try again.
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.target instanceof HTMLElement && event.target.hasAttribute("data-refresh")) return;
    toast(say("failed"));
  });
}

function toast(text) {
  const box = document.querySelector("[data-toasts]");
  if (!box) return;
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  box.replaceChildren(line);
  window.setTimeout(() => line.remove(), 6000);
}

// One press is one act: a second press on a slow line must not post the same form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  form.setAttribute("aria-busy", "true");
  window.setTimeout(() => {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
  }, 4000);
});

// A link to a folded place opens it: "next step" must never lead to a closed door.
function openTarget() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let box = target.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView({ block: "start" });
}
window.addEventListener("hashchange", openTarget);
openTarget();
