"""What the first evening shows: the talks of the example shop, read with their forms, as the person who wrote them meant.

They are in no corpus. A reader that stumbles over one of them is seen here and not in a browser.
"""

from datetime import UTC, datetime

import pytest

from cardcase.connectors.demo import source
from cardcase.triage.rules import Family, Speaker, Utterance, read_conversation

READ = source.read(datetime(2026, 11, 24, 4, 0, tzinfo=UTC))
SPEAKERS = {"买家": Speaker.BUYER, "卖家": Speaker.SELLER, "卡片": Speaker.SYSTEM, "提示": Speaker.SYSTEM}
TALKS = {chat.order.key: chat for chat in READ.chats if chat.order is not None}
CLEAR = [refund for refund in READ.refunds if not refund.is_ambiguous and refund.order.key in TALKS]


def heard(refund):
    chat = TALKS[refund.order.key]
    return read_conversation(
        [
            Utterance(str(place), line.text, SPEAKERS[line.who], line.at)
            for place, line in enumerate(chat.lines)
            if line.who in SPEAKERS
        ],
        form_reason=refund.reason,
        form_description=refund.description,
    )


@pytest.mark.parametrize("refund", CLEAR, ids=lambda refund: refund.order.key)
def test_a_clear_talk_is_read_as_it_is_meant(refund):
    assert heard(refund).reason == refund.family


def test_there_are_enough_of_them():
    assert len(CLEAR) >= 10


def test_a_bare_request_is_asked_about():
    [refund] = [one for one in READ.refunds if one.order.key == "steam100-t9"]
    result = heard(refund)
    assert result.reason is Family.UNSTATED
    assert result.question is not None


def test_threats_are_heard_where_there_are_some():
    threatening = [one for one in READ.refunds if one.has_threat and one.order.key in TALKS]
    assert threatening
    assert all("threat" in heard(one).signals for one in threatening)
