"""A data folder of its own for each test, and a small shop that works."""

import pytest

from cardcase.project.config import Config
from evidence.world import World


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


try:
    import cardcase.inbox.queries
except ImportError:  # TODO: remove when inbox lands
    import sys
    import types

    def utterances_for_order(actor, order):
        from cardcase.connectors.ports import Speaker
        from cardcase.inbox.models import Message
        from cardcase.triage.rules import Utterance

        return [
            Utterance(id=m.public_id, text=m.text, speaker=Speaker(m.speaker), said_at=m.said_at)
            for m in Message.objects.filter(conversation__order=order).order_by("said_at", "pk")
        ]

    stub = types.ModuleType("cardcase.inbox.queries")
    stub.utterances_for_order = utterances_for_order
    sys.modules["cardcase.inbox.queries"] = stub
    import cardcase.inbox

    cardcase.inbox.queries = stub
