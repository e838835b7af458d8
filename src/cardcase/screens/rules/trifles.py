"""Panels that are no bubbles: tips and times on a ground of their own, buttons, what JPEG makes of letters."""

from collections.abc import Mapping, Sequence
from typing import Final

from . import words
from .parts import COLUMN, Avatars, Part, beside, covers
from .seen import Line, Seen

CENTRED: Final = 0.07
"""How far from the middle is still in the middle, to the width."""
_TIP: Final = 0.88
"""Size of what the platform writes on the page, to that of what is said, at most."""
_DIM: Final = 0.5
"""Contrast of what the platform writes, to that of what is said, at most, when it is nearly as large."""
_PILL: Final = 2.2
_LETTERS: Final = 0.08
"""Height of what JPEG makes of letters on the page, to the width, at most."""
_LOW: Final = 0.12


def pills(parts: Mapping[int, Part], avatars: Avatars, seen: Seen, size: float) -> list[int]:
    """Return the small grounds that some apps give to times and tips: they are no bubbles."""
    found = []
    for number, part in parts.items():
        box, text = part.panel.box, "".join(line.text for line in part.lines).strip()
        off = abs(box.middle - seen.width / 2)
        if off >= CENTRED * seen.width:
            continue
        is_time = box.height < 0.1 * seen.width and words.is_stamp(text)
        is_alone = off < COLUMN * seen.width and not beside(part, avatars, seen.width)
        if is_time or (is_alone and _is_tip(part, size, words.usual_contrast(seen.lines))):
            found.append(number)
    return found


def _is_tip(part: Part, size: float, usual: float) -> bool:
    """Tell whether small or faint rows lie close on their ground: bubbles leave more room."""
    rows = words.rows_of(part.lines)
    most = size if all(line.contrast < _DIM * usual for line in part.lines) else _TIP * size
    if not rows or any(words.pitch(line) > most for line in part.lines):
        return False
    high = sum(max(line.ink.height for line in row) for row in rows)
    return part.panel.box.height < (0.6 + 1.6 * len(rows)) * high / len(rows)


def letters(parts: Mapping[int, Part], loose: Sequence[Line], wide: int) -> list[int]:
    """Return the panels that lie in a line on the page: JPEG made them of its letters, or of the ground of a time."""
    return [
        number
        for number, part in parts.items()
        if (box := part.panel.box).height <= _LETTERS * wide  # else a picture in which something was taken for a line
        and any(
            covers(line.box, box) or (covers(box, line.box) and box.height < _PILL * line.box.height) for line in loose
        )
    ]


def buttons(parts: Mapping[int, Part], wide: int) -> list[int]:
    """Return the panels with words that stand side by side: buttons and quick answers; bubbles never do."""
    worded = [(number, part.panel.box) for number, part in parts.items() if part.lines]
    return [
        number
        for number, box in worded
        if box.height < _LOW * wide
        and any(
            place != number and other.height < _LOW * wide and abs(other.centre - box.centre) < 0.3 * box.height
            for place, other in worded
        )
    ]
