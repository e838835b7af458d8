"""Old stamps are stamped anew before the certificates behind them end."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import timedelta

import pytest

from anchors.authority import STAMPING, certomancer, issue, openssl_accepts
from anchors.conftest import one_authority
from cardcase.anchors import service
from cardcase.anchors.models import Stamp
from cardcase.anchors.rules import stamp
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry
from cardcase.custody.rules import entry as form
from conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ending(pki):
    """A certificate that ends forty days after noon."""
    return issue("Ending TSA", pki.between, end=NOON + timedelta(days=40), usages=STAMPING)


@pytest.fixture
def stamped(configure, authority, write_entries, pki, ending):
    configure(one_authority(authority))
    authority.answer = certomancer(ending, pki.chain, at=NOON)
    for hour in range(2):
        at = NOON + timedelta(hours=hour)
        write_entries(at=at)
        size = service.promise(None, at=at)
        assert service.try_stamp(None, Stamp.objects.get(size=size).pk, at=at) == ""
    return Stamp.objects.order_by("-size").first()


def test_the_last_token_of_a_certificate_that_ends_is_stamped_with_a_longer_one(stamped, authority, pki, tmp_path):
    assert service.renew(None, at=NOON) == 1
    row = Stamp.objects.get(over=stamped)
    authority.answer = certomancer(pki.good, pki.chain, at=NOON + timedelta(days=1))
    assert service.try_stamp(None, row.pk, at=NOON) == ""
    row.refresh_from_db()
    assert row.ends_at > stamped.ends_at
    message = stamped.note.encode() + bytes(stamped.reply.body)
    chain = b"".join(one.pem for one in pki.chain)
    assert openssl_accepts(tmp_path, bytes(row.reply.body), message, pki.root.pem, chain)
    told = form.decode(bytes(Entry.objects.order_by("-seq").first().data))
    assert told.kind == "time.renewed"
    assert told.refs["over"] == stamped.token_sha256
    assert ledger.verify_all().is_intact
    assert service.renew(None, at=NOON + timedelta(days=30)) == 0


def test_earlier_tokens_are_covered_by_the_tree_that_the_last_note_commits_to(stamped):
    first = Stamp.objects.order_by("size").first()
    assert first.entry_seq < stamped.size


def test_a_renewal_with_the_same_end_is_asked_for_again_after_a_week(stamped, authority, pki, ending):
    service.renew(None, at=NOON)
    service.try_stamp(None, Stamp.objects.get(over=stamped).pk, at=NOON)
    assert service.renew(None, at=NOON + timedelta(days=1)) == 0
    assert service.renew(None, at=NOON + timedelta(days=8)) >= 1


def test_nothing_is_renewed_long_before_the_end(configure, authority, write_entries, owner):
    configure(one_authority(authority))
    write_entries(at=NOON)
    service.stamp_now(owner, at=NOON)
    assert service.renew(None, at=NOON) == 0


def test_an_authority_whose_certificate_lives_longer_is_preferred(
    configure, authority, write_entries, pki, ending, owner
):
    long_lived = one_authority(authority, "long")
    configure(long_lived)
    write_entries(at=NOON)
    service.stamp_now(owner, at=NOON)
    configure(one_authority(authority, "short") + long_lived)
    authority.answer = certomancer(ending, pki.chain, at=NOON)
    write_entries(at=NOON)
    service.promise(None, at=NOON, is_forced=True)
    service.try_stamp(None, Stamp.objects.get(authority="short").pk, at=NOON)
    service.renew(None, at=NOON)
    assert Stamp.objects.get(over__isnull=False).authority == "long"


def test_a_token_over_other_bytes_is_no_renewal(stamped, authority, pki):
    service.renew(None, at=NOON)
    row = Stamp.objects.get(over=stamped)
    authority.answer = certomancer(pki.good, pki.chain, imprint=bytes(64))
    assert service.try_stamp(None, row.pk, at=NOON) == stamp.Fault.IMPRINT
