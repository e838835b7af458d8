"""Ids of messages whose source has none: made from what was said, so that a chat pasted again gives the same ids."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from cardcase.kit.text import fold


@dataclass
class Ids:
    """Derives ids within one source. Equal messages of one conversation and time are told apart by counting them."""

    _seen: Counter[str] = field(default_factory=Counter)

    def of(self, conversation: str, moment: str, name: str, words: str) -> str:
        """Return the id of a message. ``moment`` is the time as far as the source tells it, to the minute or second."""
        said = " ".join(fold(words).split())
        # Length prefixes keep "ab"+"c" and "a"+"bc" apart.
        parts = "".join(f"{len(part)}:{part}" for part in (conversation, moment, fold(name), said))
        ordinal = self._seen[parts]
        self._seen[parts] += 1
        digest = hashlib.sha256(f"{parts}#{ordinal}".encode("utf-8", "replace")).hexdigest()
        return f"derived:{digest[:40]}"
