"""What the buyer claims. Pure: text in, answer out. Read ``talk.py`` first, then ``data/phrases.toml``."""

from . import reasons
from .language import Language, Told
from .results import FORM, Family, Need, Quote, Speaker, TriageResult, Utterance
from .talk import CERTAIN, SURE, read_conversation, read_text

__all__ = [
    "CERTAIN",
    "FORM",
    "SURE",
    "Family",
    "Language",
    "Need",
    "Quote",
    "Speaker",
    "Told",
    "TriageResult",
    "Utterance",
    "read_conversation",
    "read_text",
    "reasons",
]
