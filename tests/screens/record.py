"""Read the drawn chats with the real engine once and keep what was seen, so that the rules are tested in milliseconds.

``python tests/screens/record.py`` after a change of the reader or of the drawing; the words to expect are the chats'.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from screens import chats, drawing  # noqa: E402 - found by the line above

JOBS = {
    "light": (drawing.LIGHT, chats.FIRST, 40),
    "dark": (drawing.DARK, chats.FIRST, 41),
    "plain": (drawing.DARK_PLAIN, chats.SECOND, 43),
    "market": (drawing.MARKET, chats.THIRD, 40),
    "night": (drawing.MARKET_DARK, chats.THIRD, 41),
    "green": (drawing.GREEN, chats.THIRD, 42),
}


def main() -> None:
    from cardcase.screens import reader
    from cardcase.screens.rules.seen import to_document

    with reader.reading() as reads:
        for name, (look, chat, seed) in JOBS.items():
            pictures = [drawing.png(image) for image, *_ in drawing.screens(chat, look, seed=seed)]
            if name == "light":
                pictures.append(drawing.png(drawing.stitched(chat, look, seed=seed)[0]))
            seen = [to_document(reads.see(data)) for data in pictures]
            lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in seen)
            (HERE / "data" / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
