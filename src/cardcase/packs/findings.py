"""What the steps of a check note, kept within bounds however much there would be to say."""

from typing import Final

from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.text import Text

_MOST_FAULTS: Final = 100
_MOST_NOTES: Final = 50


_LONGEST: Final = 200


def shown(text: str) -> str:
    """Return words out of a pack so that no terminal and no page is led astray by them: visible, and not endless."""
    return "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in text[:_LONGEST]) + (
        "…" if len(text) > _LONGEST else ""
    )


class TooMuch(Exception):  # noqa: N818 - a signal, caught by whoever runs the steps
    """So much is wrong that looking further would only cost time."""


class Findings:
    """The findings so far, in the order in which they were made."""

    def __init__(self) -> None:
        """Begin with none."""
        self.all: list[Fault] = []
        self._notes = 0

    @property
    def has_fault(self) -> bool:
        """Tell whether anything breaks the proof."""
        return any(one.level is Level.FAULT for one in self.all)

    def fault(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what breaks the proof. Raises TooMuch after the hundredth."""
        self.all.append(Fault(code, shown(place), Text(zh, en)))
        if sum(one.level is Level.FAULT for one in self.all) >= _MOST_FAULTS:
            self.all.append(
                Fault(
                    "too_many_faults",
                    "archive",
                    Text("问题太多，没有再往下看", "Too much is wrong; the check stopped here"),
                )
            )
            raise TooMuch

    def weakness(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what leaves the proof whole, but is less than the reader asks for."""
        self.all.append(Fault(code, place, Text(zh, en), Level.WEAKNESS))

    def note(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what a reader should know. Only the first fifty are kept."""
        self._notes += 1
        if self._notes <= _MOST_NOTES:
            self.all.append(Fault(code, place, Text(zh, en), Level.NOTE))
