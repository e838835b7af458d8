"""How the rules of this room say times, amounts and lists, in both languages."""

from collections.abc import Iterable
from datetime import datetime

from cardcase.kit import clock
from cardcase.kit.text import Text


def when(moment: datetime) -> Text:
    """Say a moment as the trade's marketplaces do, in Shanghai time: 「11月20日 20:12」, "20 Nov 20:12"."""
    local = moment.astimezone(clock.SHANGHAI)
    return Text(f"{local.month}月{local.day}日 {local:%H:%M}", f"{local.day} {local:%b} {local:%H:%M}")


def listed(texts: Iterable[Text], *, zh: str = "；", en: str = "; ") -> Text:
    """Join sentences or words in both languages."""
    parts = tuple(texts)
    return Text(zh.join(text.zh for text in parts), en.join(text.en for text in parts))
