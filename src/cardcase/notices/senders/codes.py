"""The number with which a robot says no while its HTTP status says yes.

DingTalk and WeCom answer 200 with ``errcode``, Feishu, Bark and ServerChan with ``code``; anything but 0 (Bark: 200)
is a refusal. The library reads this for Feishu only, so a wrong key word would count as sent.
"""

import json
from typing import Any, Final

from cardcase.notices.rules import Outcome, Result

from .egress import Reply

_FIELDS: Final = ("errcode", "code", "errno", "StatusCode")
_GOOD: Final = (0, 200)
_TOO_OFTEN: Final = (130101, 45009, 11232)
"""DingTalk 130101 and WeCom 45009 by their documentation, Feishu 11232: too many messages a minute, try later."""


def said_no(reply: Reply) -> Result | None:
    """Return the refusal that stands in the body of an answer, None when there is none."""
    try:
        said: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    numbers = [said[name] for name in _FIELDS if isinstance(said.get(name), int)]
    bad = next((number for number in numbers if number not in _GOOD), None)
    if bad is None:
        return None
    if bad in _TOO_OFTEN:
        return Result(Outcome.AWAY, "too_often", bad)
    return Result(Outcome.REFUSED, "said_no", bad)
