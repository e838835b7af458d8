"""A text in both languages of the product, and the folding under which two texts count as the same."""

import unicodedata
from dataclasses import dataclass

INVISIBLE = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
"""Characters that nobody sees, as ``str.translate`` takes them away."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Simplified Chinese and English, for rooms that know nothing of Django's translation."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """Return the sentence in the language asked for; anything but English is answered in Chinese."""
        return self.en if lang.lower().startswith("en") else self.zh

    def format(self, **values: object) -> "Text":
        """Fill named blanks in both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))


def fold(text: str) -> str:
    """Fold width, case and invisible characters (NFKC, casefold), so that 「ＡＢ１」 and "ab1" are the same."""
    return unicodedata.normalize("NFKC", text).translate(INVISIBLE).casefold()
