// Pictures that are pasted go into the file input that takes them, beside what was chosen there. Words are left alone.
import { say } from "./words.js";

export function startPaste(tell) {
  document.addEventListener("paste", (event) => {
    const input = document.querySelector("input[type=file][data-paste-files]");
    const came = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!input || came.length === 0) return;
    event.preventDefault();
    const all = new DataTransfer();
    for (const file of input.files) all.items.add(file);
    // Every pasted picture is called image.png: numbers keep them apart.
    for (const file of came) {
      const ending = file.name.split(".").pop() || "png";
      all.items.add(new File([file], `${say("pasted")} ${all.items.length + 1}.${ending}`, { type: file.type }));
    }
    input.files = all.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const fold = input.closest("details");
    if (fold) fold.open = true;
    tell(say("chosen", { n: input.files.length }));
    input.scrollIntoView({ block: "nearest" });
  });
}
