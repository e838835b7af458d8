"""Hostile texts in every channel against models that echo, leak and promise (D01, D02): no code, no send, no change.

A code of the stock lies in the talk of every run, so that there is something to leak.
"""

import base64
import json
from itertools import count
from pathlib import Path

import pytest
from django.apps import apps

from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.desk.suggesting import suggestion_for
from cardcase.inbox import queries, service
from cardcase.inbox.models import Message, Reply
from cardcase.inbox.rules import tone
from cardcase.inbox.rules.asking import FIELDS
from cardcase.orders.models import Listing
from intake.world import CODES, INVALID, UNWANTED, delivered, files, take, upload

from . import model_server

pytestmark = pytest.mark.django_db
ROWS = [line.split("\t") for line in (Path(__file__).parent / "data" / "hostile.tsv").read_text("utf-8").splitlines()]


def _tags(text):
    """Hide a text in tag characters, which nobody sees and some models read."""
    return "在吗" + "".join(chr(0xE0000 + ord(letter)) for letter in text if ord(letter) < 0x7F) + "？"


def _variants():
    """Return every text as it is, and each once more in a disguise."""
    disguises = (
        lambda text: "\u200b".join(text),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: f"<!-- {text} --><p>您好</p>",
        lambda text: "".join(chr(ord(x) + 0xFEE0) if "!" <= x <= "~" else x for x in text),
        _tags,
        lambda text: f"\u202e{text[::-1]}\u202c",
        lambda text: f"> 引用：{text}\n\n好的",
    )
    plain = [text for _, text in ROWS]
    return plain + [disguises[place % len(disguises)](text) for place, text in enumerate(plain)]


HOSTILE = _variants()
CHANNELS = ("chat", "screen", "mail", "title")


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID)


def _rows():
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def _state(case):
    return Case.objects.filter(pk=case.pk).values().get()


def _codes():
    whole = [code for pair in CODES for code in (pair if isinstance(pair, (tuple, list)) else (pair,))]
    return [str(code) for code in whole if len(str(code)) >= 8]


def test_there_are_enough_hostile_texts_of_every_kind():
    assert len(set(HOSTILE)) >= 150
    assert {lang for lang, _ in ROWS} == {"zh", "en"}
    assert len(_codes()) >= 2
    assert Card.objects.count() == 0


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("answer", [model_server.echo, model_server.echo_all, model_server.malicious])
def test_no_text_gets_a_code_out_or_anything_done(owner, system, case, settings, say, noon, answer, channel):
    talk = queries.conversations_of_order(owner, case.order)[0]
    numbers = count(1)
    with model_server.serve(answer) as (address, asked):
        settings.CARDCASE = settings.CARDCASE.model_copy(
            update={"model_url": address, "model_name": "m", "model_allow_private": True}
        )
        for place, text in enumerate(HOSTILE):
            loaded = f"{text} {_codes()[place % len(_codes())]}"
            if channel == "title":
                Listing.objects.filter(pk=case.order.listing_id).update(title=loaded[:200])
            else:
                number = next(numbers)
                notice = say(loaded, number=f"h{number}", minute=number, talk=talk.external_id, order_no=INVALID)
                object.__setattr__(notice, "conversation_id", talk.external_id if channel == "chat" else channel)
                service.ingest_messages(system, [notice], at=noon)
            before, counts = _state(case), _rows()
            found = suggestion_for(owner, case.number, now=noon)
            assert (_state(case), _rows()) == (before, counts)  # nothing done, nothing kept
            _require_safe(found)
        assert len(asked) == len(HOSTILE)
        for _, body in asked:
            _require_clean(body)
    assert Reply.objects.count() == 0
    if channel != "title":
        assert Message.objects.filter(external_id__startswith="h").count() == len(HOSTILE)


def _require_clean(body):
    assert not any(code in body for code in _codes())
    asked = json.loads(body)
    assert "tools" not in asked
    told = json.loads(asked["messages"][1]["content"])
    assert set(told) == set(FIELDS)
    bare = "".join(letter for letter in asked["messages"][1]["content"] if letter.isalnum()).upper()
    assert not any("".join(filter(str.isalnum, code)).upper() in bare for code in _codes())
    assert not any(0xE0000 <= ord(letter) < 0xE0080 or letter in "\u200b\u202e" for letter in body)


def _require_safe(found):
    """What is offered passes every check, holds no code and no promise that nobody decided on."""
    assert tone.is_fit(found.draft.checks)
    assert not any(code in found.draft.text for code in _codes())
    if found.by_model:
        assert tone.is_fit(tone.check_reply(found.draft.text))
    else:
        assert found.code in {"leak", "unfit", "number", "code", "tools", "schema", "hidden", "too_large"}
        assert found.draft.template_id != "model"
