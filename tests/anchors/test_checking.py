"""Everything that others said is looked at again: what was changed behind our back is found, and nothing else is."""

import pytest

from anchors.authority import certomancer
from anchors.conftest import one_authority
from cardcase.anchors import queries, service
from cardcase.anchors.models import Cosignature, Reply, Stamp
from cardcase.anchors.rules import client, cosign, stamp
from cardcase.anchors.witness_server import Witness
from cardcase.custody import queries as ledger
from cardcase.custody.rules import note
from cardcase.custody.rules.report import Level
from cardcase.kit.errors import NotAllowed
from conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(configure, authority, write_entries, owner, tmp_path):
    configure(one_authority(authority))
    write_entries(3, at=NOON)
    service.stamp_now(owner, at=NOON)
    row = Stamp.objects.get()
    witness = Witness(tmp_path / "w", "w.example", [note.Verifier.parse(ledger.vkey(owner))])
    line = witness.add_checkpoint(cosign.write_request(0, [], row.note))[2].decode()
    Cosignature.objects.create(
        size=row.size, key_id=witness.listed.ident.hex(), name="w.example", vkey=witness.listed.vkey, is_own=False,
        line=line, seen_at=NOON,
    )  # fmt: skip
    return row


def codes(owner):
    return [one.code for one in queries.check_everything(owner) if one.level is Level.FAULT]


def test_what_was_not_touched_holds(kept, owner):
    assert queries.check_everything(owner) == []


def test_a_renewal_holds_too(kept, owner, authority):
    Stamp.objects.update(ends_at=NOON)
    service.renew(None, at=NOON)
    service.try_stamp(None, Stamp.objects.get(over=kept).pk, at=NOON)
    assert queries.check_everything(owner) == []


def test_every_changed_column_is_found(kept, owner, pki):
    question = client.ask(kept.note.encode())
    other = certomancer(pki.good, pki.chain, at=NOON)(question.request)
    raw, vkey = bytes(kept.reply.body), Cosignature.objects.get().vkey
    for change, code in (
        (lambda: Reply.objects.update(body=raw[:-1] + bytes([raw[-1] ^ 1])), "stamp_altered"),
        (lambda: Reply.objects.update(body=other), "stamp_altered"),
        (lambda: Stamp.objects.update(gen_time=NOON), "stamp_columns_differ"),
        (lambda: Stamp.objects.update(entry_seq=None), "stamp_entry_broken"),
        (lambda: Stamp.objects.update(entry_seq=0), "stamp_entry_broken"),
        (lambda: Stamp.objects.update(state="unverified"), "stamp_entry_broken"),
        (lambda: Stamp.objects.update(size=kept.size - 1), "stamp_inconsistent"),
        (lambda: Stamp.objects.update(note=kept.note.replace("\n", "x\n", 1)), "stamp_of_other_bytes"),
        (lambda: Cosignature.objects.update(size=kept.size - 1), "cosignature_broken"),
        (lambda: Cosignature.objects.update(vkey="w.example+00000000+AAAA"), "cosignature_broken"),
    ):
        change()
        assert code in codes(owner), code
        Reply.objects.update(body=raw)
        Stamp.objects.update(
            gen_time=kept.gen_time, entry_seq=kept.entry_seq, state="verified", size=kept.size, note=kept.note
        )
        Cosignature.objects.update(size=kept.size, vkey=vkey)
        assert codes(owner) == []


def test_a_stamp_exchanged_with_its_hash_is_found_by_its_entry(kept, owner, pki):
    question = client.ask(kept.note.encode())
    token = stamp.read(certomancer(pki.good, pki.chain, at=NOON)(question.request))
    Reply.objects.update(body=token.raw)
    Stamp.objects.update(token_sha256=token.sha256, gen_time=token.gen_time)
    assert codes(owner) == ["stamp_entry_broken"]


def test_an_authority_that_is_gone_from_the_settings_is_a_note(kept, owner, configure):
    configure("")
    found = queries.check_everything(owner)
    assert [(one.code, one.level) for one in found] == [("stamp_no_roots", Level.NOTE)]


def test_it_is_the_owners(kept, agent):
    with pytest.raises(NotAllowed):
        queries.check_everything(agent)
