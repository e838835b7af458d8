"""What a person chooses and types on the way from a draft to a sealed pack."""

from dataclasses import dataclass
from typing import Final

from cardcase.kit.errors import Conflict, WrongUse
from cardcase.kit.text import Text

from .letter import LETTER_MAX, RECIPIENTS

SEAL_PHRASE: Final = Text("封存证据包", "seal the pack")
"""What is typed before a pack is sealed: its bytes cannot be changed afterwards."""

RECIPIENT_TITLES: Final = {
    "platform": Text("平台", "the platform"),
    "mediator": Text("调解人员", "a mediator"),
    "court": Text("法院", "a court"),
    "buyer": Text("买家", "the buyer"),
}


class BadLetter(WrongUse):
    """The cover letter or the recipient of a pack cannot be taken."""

    code = "bad_letter"


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom a pack is, and the words of its cover letter; empty: as the product words it."""

    recipient: str = "platform"
    letter: str = ""


def check_wanted(wanted: Wanted) -> Wanted:
    """Return the choice as it is kept. Raises BadLetter."""
    if wanted.recipient not in RECIPIENTS:
        raise BadLetter(
            "没有这种接收方",
            "There is no such recipient",
            next=Text(f"可用的有 {'、'.join(RECIPIENTS)}。", f"Known: {', '.join(RECIPIENTS)}."),
        )
    letter = wanted.letter.replace("\r\n", "\n").strip()
    if len(letter) > LETTER_MAX:
        raise BadLetter(
            f"提交说明最多 {LETTER_MAX} 字，现在 {len(letter)} 字",
            f"The letter has at most {LETTER_MAX} characters, this one {len(letter)}",
        )
    return Wanted(wanted.recipient, letter)


def require_same(seen: str, now: str) -> None:
    """Raise Conflict when what would be sealed is not what was previewed."""
    if seen and seen != now:
        raise Conflict(
            "预览之后内容有变化，没有封存",
            "Something has changed since the preview; nothing was sealed",
            next=Text("请重新看一遍预览再封存。", "Look at the preview again, then seal."),
            code="pack_changed",
        )
