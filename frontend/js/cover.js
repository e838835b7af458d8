// Marking rectangles on a picture by finger, pen or mouse. The list of numbers in the form is the truth: it can be typed
// by hand as well, and what is drawn here is only written into it.
const SVG = "http://www.w3.org/2000/svg";
const LINE = /^(?:(\d+)\s*[:：])?\s*(\d+)\s*[,，]\s*(\d+)\s*[,，]\s*(\d+)\s*[,，]\s*(\d+)$/;
const LEAST = 3; // pixels of the picture: less was a slip, not a rectangle

export function startCover() {
  for (const root of document.querySelectorAll("[data-cover]")) mark(root);
}

function mark(root) {
  const area = root.querySelector("[data-cover-areas]");
  const tools = root.querySelector("[data-cover-tools]");
  const sheets = [...root.querySelectorAll("[data-cover-page]")];
  if (!area || !tools) return;
  tools.hidden = false;

  const read = () =>
    area.value
      .split("\n")
      .map((line) => LINE.exec(line.trim()))
      .filter(Boolean)
      .map(([, page, x, y, width, height]) => ({ page: Number(page ?? 1), x: +x, y: +y, width: +width, height: +height }));
  const write = (list) => {
    area.value = list.map((one) => `${one.page}:${one.x},${one.y},${one.width},${one.height}`).join("\n");
    draw();
  };
  const draw = (extra) => {
    const list = extra ? [...read(), extra] : read();
    for (const sheet of sheets) {
      const shown = list.filter((one) => one.page === Number(sheet.dataset.coverPage)).map((one) => {
        const bar = document.createElementNS(SVG, "rect");
        for (const side of ["x", "y", "width", "height"]) bar.setAttribute(side, one[side]);
        return bar;
      });
      sheet.replaceChildren(...shown);
    }
  };

  const button = tools.querySelector("[data-cover-mark]");
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    root.toggleAttribute("data-marking", on);
  });
  tools.querySelector("[data-cover-undo]").addEventListener("click", () => write(read().slice(0, -1)));
  area.addEventListener("input", () => draw());
  for (const sheet of sheets) follow(sheet, () => root.hasAttribute("data-marking"), draw, (one) => write([...read(), one]));
  draw();
}

function follow(sheet, isMarking, draw, add) {
  let start = null;
  const at = (event) => {
    const box = sheet.getBoundingClientRect();
    const { width, height } = sheet.viewBox.baseVal;
    const within = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
    return {
      x: within(((event.clientX - box.left) / box.width) * width, width),
      y: within(((event.clientY - box.top) / box.height) * height, height),
    };
  };
  const between = (one, two) => ({
    page: Number(sheet.dataset.coverPage),
    x: Math.min(one.x, two.x),
    y: Math.min(one.y, two.y),
    width: Math.abs(one.x - two.x),
    height: Math.abs(one.y - two.y),
  });
  sheet.addEventListener("pointerdown", (event) => {
    if (!isMarking()) return;
    start = at(event);
    sheet.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (start) draw(between(start, at(event)));
  });
  const end = (event) => {
    if (!start) return;
    const made = between(start, at(event));
    start = null;
    if (made.width >= LEAST && made.height >= LEAST) add(made);
    else draw();
  };
  sheet.addEventListener("pointerup", end);
  sheet.addEventListener("pointercancel", () => {
    start = null;
    draw();
  });
}
