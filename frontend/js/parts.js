// Behaviour of single parts, each bound by x-data="name" (Alpine's CSP build: no expressions beyond names).
import { say } from "./words.js";

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // plain http on a phone has no clipboard: fall through to the old way
  }
}

function copyBySelection(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

/** A text with a button that copies it. The text lies in data-copy-source. */
export function copyable() {
  return {
    label: "",
    init() {
      this.label = this.$root.querySelector("[data-copy-button]")?.textContent.trim() ?? "";
    },
    async copy() {
      const source = this.$root.querySelector("[data-copy-source]");
      const done = (await copyText(source.textContent.trim())) || copyBySelection(source);
      const before = this.label;
      this.label = say(done ? "copied" : "copyFailed");
      window.setTimeout(() => (this.label = before), 2500);
    },
  };
}

/** The reply: counts characters as the platform does (code points), copies, and warns past the limit. */
export function draft() {
  return {
    length: 0,
    limit: 200,
    label: "",
    init() {
      this.limit = Number(this.$root.dataset.limit);
      this.label = this.$root.querySelector("[data-copy-button]")?.textContent.trim() ?? "";
      this.count();
    },
    area() {
      return this.$root.querySelector("textarea");
    },
    count() {
      this.length = [...this.area().value].length;
    },
    // The better wording comes from the server; taking it is typing it: it is counted and checked like any other words.
    use() {
      const better = this.$root.querySelector("[data-better]");
      if (!better) return;
      const area = this.area();
      area.value = better.textContent.trim();
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.focus();
    },
    get counter() {
      return `${this.length} / ${this.limit}`;
    },
    get isOver() {
      return this.length > this.limit;
    },
    get tone() {
      return this.isOver ? "bad" : "plain";
    },
    async copy() {
      const area = this.area();
      let done = await copyText(area.value);
      if (!done) {
        area.select();
        done = document.execCommand("copy");
      }
      const before = this.label;
      this.label = say(done ? "copied" : "copyFailed");
      window.setTimeout(() => (this.label = before), 2500);
    },
  };
}

// The server forgives width, case, spaces and the ¥ of a typed confirmation; so does the button.
function plainly(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[\s¥]/g, "");
}

/** A confirmation typed by hand: the button stays off until the word stands there. */
export function typed() {
  return {
    word: "",
    given: "",
    init() {
      this.word = this.$root.dataset.word;
    },
    check(event) {
      this.given = event.target.value;
    },
    get isOff() {
      return plainly(this.given) !== plainly(this.word);
    },
  };
}

/** A file input that says what was chosen and shows that something may be dropped. */
export function drop() {
  return {
    isOver: false,
    names: [],
    look: "is-live", // the whole place can be pressed and dropped on, once the choice is shown by us
    enter() {
      this.isOver = true;
    },
    leave() {
      this.isOver = false;
    },
    take() {
      this.isOver = false;
      const input = this.$root.querySelector("input[type=file]");
      this.names = [...input.files].map((file) => file.name);
    },
    get summary() {
      return this.names.length ? say("chosen", { n: this.names.length }) : "";
    },
    get list() {
      return this.names.join("\n");
    },
  };
}

/** A notice that can be put away. */
export function dismissable() {
  return {
    away() {
      this.$root.remove();
    },
  };
}
