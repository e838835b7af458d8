"""The reader's language: Chinese unless English was chosen. Rooms say their ``Text`` through here."""

from contextlib import AbstractContextManager

from django.utils import translation

from cardcase.kit.text import Text

CHINESE = "zh-hans"
ENGLISH = "en"


def current() -> str:
    """Return the language of this request: ``zh-hans`` or ``en``."""
    return ENGLISH if (translation.get_language() or CHINESE).startswith("en") else CHINESE


def say(text: Text) -> str:
    """Say a text in the reader's language."""
    return text.say(current())


def speaking(language: str) -> AbstractContextManager[None]:
    """Speak another language for a while, such as the buyer's."""
    return translation.override(language)
