"""A buyer who is erased takes his words out of the labels; what was said of them stays as a count."""

import pytest

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.privacy import queries as privacy
from cardcase.privacy import service
from cardcase.training import queries
from privacy.conftest import AT, LATER, NICK, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(owner, tmp_path, settings):
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    return make(owner, tmp_path)


def test_erased_words_are_gone_from_the_labels_and_from_what_is_learned(owner, world):
    case = case_queries.find(owner, world.case.pk)
    cases.confirm_reason(owner, case.number, "A2", revision=case.revision, at=AT)
    [*_, before] = queries.labels(owner)
    assert before.words
    assert len(queries.taught(owner).lessons) == 1
    world.close()
    plan = privacy.plan(owner, NICK)
    service.erase(owner, NICK, ground="retention_over", confirmation=plan.phrase.zh, stamp=plan.stamp, at=LATER)
    [*_, after] = queries.labels(owner)
    assert (after.words, after.form) == ((), ("", ""))
    assert (after.row.pk, after.row.said, after.row.proposed) == (before.row.pk, "A2", before.row.proposed)
    assert queries.taught(owner).lessons == []
