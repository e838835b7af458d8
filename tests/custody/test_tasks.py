import pytest
from django.db import transaction

from cardcase.custody import service, tasks
from cardcase.custody.models import Checkpoint
from cardcase.custody.service import Record
from cardcase.jobs import registry
from cardcase.jobs.registry import Claim

CLAIM = Claim(1, "custody.checkpoint", {}, "", None, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_head_is_signed_once_for_each_size(shop, owner, noon):
    with transaction.atomic():
        service.append(owner, Record("case.noted", "case_1", noon, {}))
    tasks.sign_head(CLAIM)
    tasks.sign_head(CLAIM)
    assert Checkpoint.objects.count() == 1
    with transaction.atomic():
        service.append(owner, Record("case.noted", "case_1", noon, {}))
    tasks.sign_head(CLAIM)
    assert Checkpoint.objects.count() == 2


def test_it_is_due_every_minute():
    registry.discover()
    assert registry.periods()["custody.checkpoint"] == tasks.EVERY
