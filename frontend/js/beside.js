// Whoever turns to an entry sees the place on the screenshot that it was read from: the picture beside it scrolls there.
const ABOVE = 40; // pixels of the page left above the place

export function startBeside() {
  document.addEventListener("focusin", (event) => {
    const entry = event.target instanceof Element && event.target.closest("[data-entry]");
    const box = entry && entry.closest(".capture")?.querySelector(".capture-picture");
    const mark = box && box.querySelector(`[data-mark="${CSS.escape(entry.dataset.entry)}"]`);
    if (!mark) return;
    box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - ABOVE;
  });
}
