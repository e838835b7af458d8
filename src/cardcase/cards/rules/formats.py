"""Whether a card looks like its brand says, and what else about it is odd. A warning at most, never proof. Pure.

No issuer publishes a check digit for any brand (platform-rules §8): a match does not make a code genuine, and a
mismatch does not make it false. What is found is a list of codes without a character of the card.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Self

from pydantic import field_validator, model_validator

from cardcase.kit.catalogue import Record
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text, fold

from . import patterns


class CardFormat(Record):
    """What is known of one brand's cards. Patterns are those of ``patterns``; money in 分; empty means not known."""

    zh: str
    en: str
    words: tuple[str, ...] = ()
    """In which words people name the brand, in any case and width; the longest word that is found decides."""
    number: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    is_number_telling: bool = False
    """Whether the number alone names the brand: its pattern begins with a prefix that no other is known to have."""
    needs_number: bool = False
    least_fen: int | None = None
    most_fen: int | None = None
    check_zh: str = ""
    check_en: str = ""
    look_zh: str = ""
    look_en: str = ""
    note_zh: str = ""
    note_en: str = ""

    @property
    def title(self) -> Text:
        """Name the brand."""
        return Text(self.zh, self.en)

    @property
    def where(self) -> Text:
        """Say where its balance is read."""
        return Text(self.check_zh, self.check_en)

    @property
    def what(self) -> Text:
        """Say what to look at there."""
        return Text(self.look_zh, self.look_en)

    @field_validator("number", "code")
    @classmethod
    def _are_linear(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(patterns.check(pattern) for pattern in told)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.is_number_telling and not self.number:
            raise ValueError(f"format {self.id} has no pattern for the number that is said to tell the brand")
        if self.least_fen is not None and self.most_fen is not None and self.least_fen > self.most_fen:
            raise ValueError(f"format {self.id}: least_fen is more than most_fen")
        return self


class Outcome(StrEnum):
    """How a card compares with the format of its brand."""

    LOOKS_LIKE = "looks_like"
    DOES_NOT_MATCH = "does_not_match"
    UNKNOWN = "unknown"  # no format is known for the brand, or the brand is not told


class CardWarning(StrEnum):
    """What is odd about a card. Kept with it as these codes."""

    FORMAT_CODE = "format_code"
    FORMAT_NUMBER = "format_number"
    NUMBER_MISSING = "number_missing"
    SWAPPED = "swapped"
    LOOK_ALIKE = "look_alike"
    FOREIGN_LETTERS = "foreign_letters"
    FULL_WIDTH = "full_width"
    INVISIBLE = "invisible"
    INNER_SPACE = "inner_space"
    EXPIRED = "expired"
    SHORT_VALIDITY = "short_validity"
    FACE_UNUSUAL = "face_unusual"


WARNINGS: Final[dict[CardWarning, Text]] = {
    CardWarning.FORMAT_CODE: Text("卡密和该品牌已知的格式不一样", "The code is not of the form known for the brand"),
    CardWarning.FORMAT_NUMBER: Text(
        "卡号和该品牌已知的格式不一样", "The card number is not of the form known for the brand"
    ),
    CardWarning.NUMBER_MISSING: Text(
        "该品牌要卡号和密码，这里只有一项", "The brand has number and password; one is missing"
    ),
    CardWarning.SWAPPED: Text("卡号和卡密像是放反了", "Number and code seem to have changed places"),
    CardWarning.LOOK_ALIKE: Text(
        "可能把 O 和 0、I 和 1 之类看混了", "O and 0, I and 1 or the like may have been mixed up"
    ),
    CardWarning.FOREIGN_LETTERS: Text(
        "有看起来像英文、其实不是的字母（俄文、希腊文等）",
        "Holds letters that only look Latin (Cyrillic, Greek and such)",
    ),
    CardWarning.FULL_WIDTH: Text("有全角字符，已按半角比对", "Holds full-width characters; compared as half-width"),
    CardWarning.INVISIBLE: Text("有看不见的字符，比对时已去掉", "Holds invisible characters; compared without them"),
    CardWarning.INNER_SPACE: Text("中间有多余的空格", "Holds stray spaces inside"),
    CardWarning.EXPIRED: Text("已经过期", "Has expired"),
    CardWarning.SHORT_VALIDITY: Text(
        "剩余有效期少于店铺的下限，不会发出", "Has less validity left than the shop's least; is not given out"
    ),
    CardWarning.FACE_UNUSUAL: Text("面值超出该品牌已知的范围", "The face value is outside what is known of the brand"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one card: the format it was held against ("" for none), the outcome, what is odd."""

    format: str
    outcome: Outcome
    warnings: tuple[CardWarning, ...] = ()


_FOREIGN: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WIDE: Final = re.compile("[\uff01-\uff5e\u3000]")
_UNSEEN: Final = re.compile("[\u00ad\u034f\u061c\u180e\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u206f]")
_SPACE: Final = re.compile(r"\s+")
_BRANDS_KEPT: Final = 1000
"""Brands whose format is remembered: files repeat few, and one with a brand a row must not fill the memory."""
_ONE_FOR_ANOTHER: Final = (str.maketrans("OIL", "011"), str.maketrans("01", "OI"))
"""What people type for what they see; a lower-case l is an L in the normal form."""


class FormatBook:
    """The formats in force, and what is found with them."""

    def __init__(self, formats: Iterable[CardFormat]) -> None:
        """Sort the words, the longest first: 「中石化充值卡」 is not just 「中石化」."""
        self.formats = tuple(formats)
        words = [(fold(word), one) for one in self.formats for word in one.words]
        self._words = sorted(words, key=lambda pair: -len(pair[0]))
        self._telling = [one for one in self.formats if one.is_number_telling]
        self._known: dict[str, CardFormat | None] = {}

    def of_brand(self, brand: str) -> CardFormat | None:
        """Return the format that a brand's words name, None for one that is not known."""
        if brand not in self._known:
            if len(self._known) >= _BRANDS_KEPT:
                self._known.clear()
            told = fold(brand)
            self._known[brand] = next((one for word, one in self._words if word in told), None)
        return self._known[brand]

    def of_card(self, brand: str, number: str) -> CardFormat | None:
        """Return the format of a card: by its brand, or without one by a number that names the brand (normal form)."""
        if brand:
            return self.of_brand(brand)
        return next((one for one in self._telling if number and patterns.matches(one.number, number)), None)

    def judge(
        self,
        code: CardCode,
        *,
        number: str = "",
        brand: str = "",
        face_fen: int | None = None,
        expires_on: date | None = None,
        on: date,
        least_validity_days: int,
    ) -> Verdict:
        """Hold a card against the format of its brand on a day (the shop's), and look for what is odd about it."""
        normal, numbered = code.normal_form(), CardCode(number).normal_form() if number.strip() else ""
        known = self.of_card(brand, numbered)
        odd = _written(code.expose(), number)
        if known is not None:
            odd += _formed(known, normal, numbered)
        if expires_on is not None:
            left = (expires_on - on).days
            if left < 0:
                odd.append(CardWarning.EXPIRED)
            elif left < least_validity_days:
                odd.append(CardWarning.SHORT_VALIDITY)
        if known is not None and face_fen is not None and _is_unusual(known, face_fen):
            odd.append(CardWarning.FACE_UNUSUAL)
        return Verdict(known.id if known else "", _outcome(known, odd), tuple(odd))


def _outcome(known: CardFormat | None, odd: Iterable[CardWarning]) -> Outcome:
    if known is None or not (known.code or known.number):
        return Outcome.UNKNOWN
    about_form = {CardWarning.FORMAT_CODE, CardWarning.FORMAT_NUMBER, CardWarning.SWAPPED, CardWarning.NUMBER_MISSING}
    return Outcome.DOES_NOT_MATCH if about_form.intersection(odd) else Outcome.LOOKS_LIKE


def _is_unusual(known: CardFormat, face_fen: int) -> bool:
    return (known.least_fen is not None and face_fen < known.least_fen) or (
        known.most_fen is not None and face_fen > known.most_fen
    )


def _written(code: str, number: str) -> list[CardWarning]:
    """Tell what is odd about the characters as they were written."""
    if code.isalnum() and code.isascii() and (not number or number.isalnum()) and number.isascii():
        return []
    odd = []
    both = f"{code}\n{number}"
    if not both.isascii():
        if _FOREIGN.search(both):
            odd.append(CardWarning.FOREIGN_LETTERS)
        if _WIDE.search(both):
            odd.append(CardWarning.FULL_WIDTH)
        if _UNSEEN.search(both):
            odd.append(CardWarning.INVISIBLE)
    if _has_stray_space(code) or _has_stray_space(number):
        odd.append(CardWarning.INNER_SPACE)
    return odd


def _has_stray_space(text: str) -> bool:
    """Tell stray spaces from groups: 「ABCD EFGH IJKL」 is how people write a long code."""
    text = unicodedata.normalize("NFKC", text.strip())
    groups = _SPACE.split(text)
    if len(groups) == 1:
        return False
    return "  " in text or len({len(group) for group in groups[:-1]}) > 1 or len(groups[-1]) > len(groups[0])


def _formed(known: CardFormat, normal: str, number: str) -> list[CardWarning]:
    """Tell how the normal forms of code and number differ from what the format says."""
    code_fits = not known.code or patterns.matches(known.code, normal)
    number_fits = not known.number or not number or patterns.matches(known.number, number)
    if not known.code and known.number and not number:
        # A brand of numbers only: files of one column call the number a code.
        code_fits = patterns.matches(known.number, normal)
    if code_fits and number_fits:
        return [CardWarning.NUMBER_MISSING] if known.needs_number and not number else []
    if known.number and known.code and number and _are_swapped(known, normal, number):
        return [CardWarning.SWAPPED]
    odd = []
    if not code_fits:
        odd.append(CardWarning.FORMAT_CODE)
        if _fits_otherwise(known.code or known.number, normal):
            odd.append(CardWarning.LOOK_ALIKE)
    if not number_fits:
        odd.append(CardWarning.FORMAT_NUMBER)
        if CardWarning.LOOK_ALIKE not in odd and _fits_otherwise(known.number, number):
            odd.append(CardWarning.LOOK_ALIKE)
    if known.needs_number and not number:
        odd.append(CardWarning.NUMBER_MISSING)
    return odd


def _are_swapped(known: CardFormat, normal: str, number: str) -> bool:
    return patterns.matches(known.number, normal) and patterns.matches(known.code, number)


def _fits_otherwise(told: tuple[str, ...], normal: str) -> bool:
    """Tell whether a text would fit, had every O been a 0, every I and L a 1, or the other way round."""
    return any(patterns.matches(told, normal.translate(table)) for table in _ONE_FOR_ANOTHER)
