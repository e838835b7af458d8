"""What was said by voice: a call or a spoken agreement, noted by a person, with who else heard it."""

from collections.abc import Mapping
from typing import Any, Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

SPOKEN: Final = "E25"
"""Kind of evidence: our note of a call. It proves little alone (民事诉讼证据规定 Art. 90): a party's own word."""

HOW_TITLES: Final[Mapping[str, Text]] = {
    "phone": Text("电话", "by phone"),
    "voice": Text("语音通话", "voice call"),
    "video": Text("视频通话", "video call"),
    "in_person": Text("当面", "in person"),
    "voice_message": Text("语音留言", "voice message"),
}
MOST_SAID: Final = 2000
"""Characters of a note of a call. Judgement: a page of print."""


def check_how(how: Any) -> str:
    """Return how it was said. Raises ValueError for an unknown word."""
    if how not in HOW_TITLES:
        raise ValueError(", ".join(HOW_TITLES))
    return str(how)


def title(how: str, agreed: str) -> Text:
    """Name the note in a list: what kind of talk, and whether something was agreed."""
    said = HOW_TITLES[how]
    if agreed:
        return Text(f"{said.zh}记录：有约定", f"Note of what was agreed {said.en}")
    return Text(f"{said.zh}记录", f"Note of what was said {said.en}")


def check(how: str, said: str) -> None:
    """Refuse a note that says nothing, or not how it was said. Raises WrongUse that names the field."""
    if how not in HOW_TITLES:
        raise WrongUse(
            f"要写明是怎么说的：{'、'.join(HOW_TITLES)}",
            f"Say how it was said: {', '.join(HOW_TITLES)}",
            code="unknown_choice",
            field="how",
        )
    if not said.strip():
        raise WrongUse("写下说了什么", "Write down what was said", code="nothing_said", field="said")
    if len(said) > MOST_SAID:
        raise WrongUse(
            f"通话记录最多 {MOST_SAID} 字，现在 {len(said)} 字",
            f"A note of a call has {MOST_SAID} characters at most; this has {len(said)}",
            next=Text("分成几条记。", "Note it in several parts."),
            code="too_long",
            field="said",
        )
