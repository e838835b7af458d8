// Keeps <time data-due="…" data-form="long|short"> right. The server wrote the first text; its clock counts, not the phone's.
import { say } from "./words.js";

const EVERY = 20000;
let timer = 0;
let skew = null;

function serverNow() {
  if (skew === null) {
    const told = Date.parse(document.body.dataset.now || "");
    skew = Number.isNaN(told) ? 0 : told - Date.now();
  }
  return Date.now() + skew;
}

function span(ms) {
  const minutes = Math.floor(Math.abs(ms) / 60000);
  const d = Math.floor(minutes / 1440);
  const h = Math.floor((minutes % 1440) / 60);
  const m = minutes % 60;
  if (d) return say(h ? "days" : "wholeDays", { d, h });
  return say(h ? "hours" : "minutes", { h, m });
}

function shortSpan(ms) {
  if (ms < 0) return say("shortOver");
  const minutes = Math.floor(ms / 60000);
  const d = Math.floor(minutes / 1440);
  const h = Math.floor((minutes % 1440) / 60);
  if (d) return say("shortDays", { d, h });
  return `${h}:${String(minutes % 60).padStart(2, "0")}`;
}

function refresh() {
  const now = serverNow();
  for (const place of document.querySelectorAll("time[data-due]")) {
    const left = Date.parse(place.dataset.due) - now;
    if (Number.isNaN(left)) continue;
    const text =
      place.dataset.form === "short" ? shortSpan(left) : say(left < 0 ? "over" : "left", { span: span(left) });
    if (place.textContent !== text) place.textContent = text;
    if (left < 0) place.closest("[data-tone]")?.setAttribute("data-tone", "bad");
  }
}

export function startCountdowns() {
  refresh();
  if (!timer) timer = window.setInterval(refresh, EVERY);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
