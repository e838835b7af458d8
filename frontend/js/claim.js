// The claim page, by itself and small: nothing of the desk's script comes to buyers. The token stands behind the # of the
// link, where no server sees it; it is taken out of the address at once, kept in this variable, and sent in a body.
// Answers take the place of the page without an address or a step in the history of their own, so that there is no
// way back to a code.
let token = "";

function takeToken() {
  const told = location.hash.slice(1);
  if (!told) return false;
  token = told;
  history.replaceState(null, "", location.pathname);
  return true;
}

const isOpened = takeToken();

const one = (selector) => document.querySelector(selector);
const hide = (selector, isHidden) => {
  const place = one(selector);
  if (place) place.hidden = isHidden;
};

async function post(fields) {
  const answer = await fetch(location.pathname, {
    method: "POST",
    body: new URLSearchParams({ ...fields, token: fields.token || token }),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    referrerPolicy: "no-referrer",
  });
  return answer.text();
}

let isBusy = false;

async function go(fields) {
  if (isBusy) return;
  isBusy = true;
  if (fields.token) token = fields.token;
  hide("[data-offline]", true);
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  try {
    show(await post(fields));
  } catch {
    hide("[data-offline]", false);
    hide("#claim", false);
    for (const button of document.querySelectorAll("button")) button.disabled = false;
  } finally {
    hide("[data-opening]", true);
    isBusy = false;
  }
}

function show(html) {
  const told = new DOMParser().parseFromString(html, "text/html");
  const next = told.querySelector("#claim");
  if (!next) throw new Error("not our page");
  document.documentElement.lang = told.documentElement.lang;
  document.title = told.title;
  for (const field of next.querySelectorAll("input[type=hidden][name=token]")) field.remove();
  one("#claim").replaceWith(document.adoptNode(next));
  arrange();
  one("#main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
  if (one("[data-code]")) window.setTimeout(confirm, 0);
}

// The buyer need not press anything for what has just been shown; the button stays for when that does not arrive.
async function confirm() {
  const box = one("[data-confirm]");
  const form = box?.querySelector("form");
  if (!form) return;
  box.hidden = true;
  try {
    await post(Object.fromEntries(new FormData(form)));
    box.remove();
  } catch {
    box.hidden = false;
  }
}

function arrange() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

async function copy(button) {
  const source = button.parentElement.querySelector("[data-copy-source]");
  const range = document.createRange();
  range.selectNodeContents(source);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  let isDone = false;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    isDone = true;
  } catch {
    isDone = document.execCommand("copy"); // plain http has no clipboard; else it stays selected for a long press
  }
  if (!isDone) return;
  const before = button.textContent;
  button.textContent = button.dataset.copy;
  window.setTimeout(() => (button.textContent = before), 2500);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (button) copy(button);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  go(Object.fromEntries(new FormData(event.target)));
});

// A link that is opened while the page is open changes nothing but what stands behind the #.
window.addEventListener("hashchange", () => {
  if (takeToken()) go({ step: "open", language: document.documentElement.lang.startsWith("en") ? "en" : "zh-hans" });
});

// Whoever comes back to the page, also from the browser's memory of it, finds no code.
window.addEventListener("pagehide", () => {
  for (const place of document.querySelectorAll("[data-code], [data-confirm]")) place.remove();
  hide("[data-put-away]", false);
});

document.addEventListener("DOMContentLoaded", () => {
  arrange();
  if (!isOpened) return;
  hide("#claim", true);
  hide("[data-opening]", false);
  go({ step: "open", language: document.documentElement.lang.startsWith("en") ? "en" : "zh-hans" });
});
