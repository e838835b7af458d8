"""Shoot chats in Debian's Chromium: screens that overlap or one long picture, with the truth measured in the page."""

import contextlib
import io
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image

from screens.judging import looks, page, talks

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--force-color-profile=srgb",
         "--font-render-hinting=none"]  # fmt: skip

_TRUTH = """() => {
  const view = document.querySelector('.view').getBoundingClientRect()
  const part = (box) => box.height ? Math.max(0, Math.min(box.bottom, view.bottom) - Math.max(box.top, view.top)) / box.height : 0
  return [...document.querySelectorAll('[data-n]')].map((one) => {
    const lines = []
    const words = one.matches('.words') ? one : one.querySelector('.words')
    if (words) {
      const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        let at = 0
        for (const letter of node.data) {
          const range = document.createRange()
          range.setStart(node, at); range.setEnd(node, at + letter.length)
          at += letter.length
          const box = range.getClientRects()[0]
          if (!box || !box.height) continue
          const last = lines[lines.length - 1]
          if (last && Math.abs(last.middle - (box.top + box.bottom) / 2) < box.height / 2) {
            last.text += letter
          } else lines.push({text: letter, part: part(box), middle: (box.top + box.bottom) / 2})
        }
      }
    }
    const quote = one.querySelector('.quote') || one.parentElement.querySelector('.below')
    return {n: +one.dataset.n, part: part(one.getBoundingClientRect()), lines, quote: quote ? part(quote.getBoundingClientRect()) : 0}
  })
}"""


@dataclass(frozen=True)
class Shape:
    """How one chat is shot: everything that a seed decides about its look."""

    part: str
    seed: int
    theme: looks.Theme
    phone: looks.Phone
    fonts: tuple[str, str]
    size: int
    file: str
    """png, jpeg-60 … jpeg-95, or forward-720: scaled to 720 pixels of width and saved as JPEG, as chat apps do."""
    long: bool
    screens: int


@dataclass(frozen=True)
class Shot:
    """One picture and what a person can see in it: for each visible entry its part and its lines with theirs."""

    data: bytes
    visible: list[dict[str, Any]]


@dataclass(frozen=True)
class Session:
    """One conversation as it was shot, in its order."""

    shape: Shape
    talk: talks.Talk
    shots: list[Shot]


def shape(part: str, seed: int) -> Shape:
    """Choose look and form of a seed; themes and phones take turns so that each is used."""
    rng = random.Random(f"shape {part} {seed}")
    themes, phones = looks.THEMES[part], looks.PHONES[part]
    kinds = ["png", f"jpeg-{rng.choice((60, 75, 85, 95))}", "png", "forward-720", f"jpeg-{rng.choice((60, 70, 90))}"]
    return Shape(
        part,
        seed,
        themes[seed % len(themes)],
        phones[(seed // len(themes) + seed) % len(phones)],
        looks.FONTS[part][rng.randrange(len(looks.FONTS[part]))],
        rng.choice(looks.SIZES[part]),
        kinds[seed % len(kinds)],
        seed % 6 == 5,
        rng.choice((3, 4, 4, 5)),
    )


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start the browser that shoots."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "chromium is missing: apt-get install chromium"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield running
        finally:
            running.close()


def shoot(running: Any, wanted: Shape, *, most: int = 99) -> Session:
    """Draw the chat of a shape and take its pictures, at most ``most``."""
    rng = random.Random(f"shoot {wanted.part} {wanted.seed}")
    phone = wanted.phone
    talk = talks.talk(wanted.part, wanted.seed, length=rng.randrange(18, 26) if wanted.long else 14 * wanted.screens)
    context = running.new_context(
        viewport={"width": phone.width, "height": phone.height}, device_scale_factor=phone.scale, locale="zh-CN"
    )
    sheet = context.new_page()
    named = f"{wanted.part} {wanted.seed}"
    sheet.set_content(page.chat(talk, wanted.theme, phone, wanted.fonts, wanted.size, long=wanted.long, seed=named))
    sheet.evaluate("document.fonts.ready")
    shots = []
    if wanted.long:
        taken = sheet.locator(".phone").screenshot(animations="disabled")
        shots.append(Shot(_saved(taken, wanted.file), _seen(sheet)))
    else:
        room = sheet.evaluate("document.querySelector('.view').clientHeight")
        whole = sheet.evaluate("document.querySelector('.flow').scrollHeight")
        down = 0
        for _ in range(min(wanted.screens, most)):
            sheet.evaluate(f"document.querySelector('.flow').style.marginTop = '-{down}px'")
            shots.append(Shot(_saved(sheet.screenshot(animations="disabled"), wanted.file), _seen(sheet)))
            if down >= whole - room:
                break
            down = min(whole - room, down + int(room * (1 - rng.uniform(0.2, 0.6))))
    context.close()
    return Session(wanted, talk, shots)


def described(wanted: Shape) -> str:
    """Say a shape in one line."""
    told = asdict(wanted)
    phone = told["phone"]
    return (
        f"{wanted.part} {wanted.seed}: {wanted.theme.name}, {phone['width']} px × {phone['scale']}, "
        f"{'/'.join(name for name in wanted.fonts if name)} {wanted.size}, {wanted.file}"
        f"{', long' if wanted.long else ''}"
    )


def truth_document(session: Session) -> str:
    """Return the truth as JSON, to look at beside the pictures."""
    return json.dumps([shot.visible for shot in session.shots], ensure_ascii=False, indent=1)


def _seen(sheet: Any) -> list[dict[str, Any]]:
    return [one for one in sheet.evaluate(_TRUTH) if one["part"] > 0]


def _saved(png: bytes, file: str) -> bytes:
    if file == "png":
        return png
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    quality = 80
    if file.startswith("forward"):
        width = int(file.split("-")[1])
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.BILINEAR)
    else:
        quality = int(file.split("-")[1])
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=quality)
    return kept.getvalue()
