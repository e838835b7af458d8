"""Proofs lie encrypted, are opened under record by who may see codes, and older readable ones come under seal."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.cards import queries, service
from cardcase.cards.models import BalanceCheck, Card, CardBatch, ProofFile
from cardcase.cards.rules import VoidResult
from cardcase.cards.vault import SealBroken
from cardcase.connectors.ports import CardNotice, DeliveryNotice
from cardcase.custody import files
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, NotFound, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.project.config import Config
from cardcase.staff.models import Staff
from cardcase.staff.rules import Actor

CODE = "XQ7R4KT2M9ZP81AB"
SCREENSHOT = b"\x89PNG\r\n\x1a\n" + f"balance of {CODE}: 200".encode()
NONE: tuple[tuple[str, str], ...] = ()
durable = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)


@pytest.fixture
def card(system, noon):
    notice = CardNotice(code=CardCode(CODE), brand="苹果", face_fen=20_000)
    service.stock(system, [notice], batch="b", at=noon)
    return Card.objects.visible_to(system).get().public_id


@pytest.fixture
def page(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def look(actor, card, at, proof=SCREENSHOT):
    return service.record_balance_check(actor, card, method="manual", balance_fen=20_000, at=at, proof=proof)


def on_disk(settings):
    return {path.name: path.read_bytes() for path in settings.CARDCASE.files.rglob("*") if path.is_file()}


def proof_of(actor, card):
    return queries.card_life(actor, card).checks[0].proof


@pytest.mark.django_db
def test_a_screenshot_lies_nowhere_readable_and_is_kept_once(agent, card, noon, settings):
    first, second = look(agent, card, noon), look(agent, card, noon)
    assert first.proof_sha256 == second.proof_sha256 == hashlib.sha256(SCREENSHOT).hexdigest()
    assert ProofFile.objects.visible_to(agent).count() == 1
    kept = on_disk(settings)
    assert kept
    assert first.proof_sha256 not in kept
    assert not [name for name, data in kept.items() if CODE.encode() in data or b"balance of" in data]


@durable
def test_it_is_opened_by_who_may_see_codes_after_the_record_says_so(lead, agent, stranger, card, noon):
    look(agent, card, noon)
    kept = proof_of(lead, card)
    assert (kept.mime, kept.size) == ("image/png", len(SCREENSHOT))
    opened = service.open_proof(lead, card, kept.id, reason=f"核对 {CODE}", at=noon)
    assert b"".join(opened.pieces) == SCREENSHOT
    assert opened.name.endswith(".png")
    last = custody.history(lead, [card])[-1]
    assert (last.kind, last.facts["file"], last.facts["by"]) == ("card.proof_opened", kept.id, lead.label)
    assert CODE not in last.facts["reason"]
    for actor, told, error in (
        (agent, "x", NotAllowed), (Actor.system(lead.shop_id), "x", NotAllowed), (stranger, "x", NotFound), (lead, " ", WrongUse),
    ):  # fmt: skip
        with pytest.raises(error):
            service.open_proof(actor, card, kept.id, reason=told, at=noon)
    with pytest.raises(NotFound):
        service.open_proof(lead, "card_other", kept.id, reason="x", at=noon)
    assert custody.history(lead, [card])[-1].kind == "card.proof_opened"
    assert len([item for item in custody.history(lead, [card]) if item.kind == "card.proof_opened"]) == 1


@durable
def test_the_file_of_another_card_does_not_open_in_its_place(lead, card, noon):
    look(lead, card, noon)
    look(lead, card, noon, proof=b"another")
    first, second = ProofFile.objects.visible_to(lead).order_by("pk")
    ProofFile.objects.visible_to(lead).filter(pk=first.pk).update(sealed_sha256=second.sealed_sha256)
    with pytest.raises(SealBroken):
        b"".join(service.open_proof(lead, card, first.public_id, reason="x", at=noon).pieces)


@pytest.mark.django_db
def test_the_issuers_answer_and_a_receipt_lie_encrypted_too(owner, system, card, noon, settings):
    note = DeliveryNotice(channel="goofish", order_no="1", code=CardCode(CODE))
    service.record_deliveries(system, [note], at=noon)
    service.ask_to_void(owner, card, reason="退款", at=noon)
    service.settle_void(owner, card, VoidResult.VOIDED, proof=SCREENSHOT, at=noon)
    batch = CardBatch.objects.visible_to(owner).get().public_id
    service.set_provenance(owner, batch, proof=b"receipt", at=noon)
    life = queries.card_life(owner, card)
    assert (life.voids[0].proof.mime, life.batch_proof.size) == ("image/png", 7)
    assert not [data for data in on_disk(settings).values() if b"balance of" in data or data == b"receipt"]


@durable
def test_page_and_api_give_it_as_a_file_that_nobody_keeps(page, lead, card, noon):
    sent = {"balance": "200", "proof": SimpleUploadedFile("a.png", SCREENSHOT)}
    assert page.post(f"/cards/{card}/check/", sent).status_code == 302
    kept = proof_of(lead, card)
    address = f"/cards/{card}/proofs/{kept.id}/"
    assert address in page.get(f"/cards/{card}/").content.decode()
    answer = page.post(address, {"reason": "买家申诉"})
    assert b"".join(answer.streaming_content) == SCREENSHOT
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert page.get(address).status_code == 405
    assert page.post(address, {"reason": ""}).status_code == 422
    told = page.get(f"/api/v1/cards/{card}").json()["checks"][0]["proof"]
    assert told == {"id": kept.id, "mime": "image/png", "size": len(SCREENSHOT)}
    why = json.dumps({"reason": "买家申诉"})
    answer = page.post(
        f"/api/v1/cards/{card}/proofs/{kept.id}",
        why,
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )
    assert b"".join(answer.streaming_content) == SCREENSHOT
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.fixture
def old(agent, card, noon):
    """A look from before proofs were encrypted: its screenshot lies readable under its own hash."""
    check = look(agent, card, noon, proof=None)
    sha256 = files.keep(SCREENSHOT)
    BalanceCheck.objects.visible_to(agent).filter(pk=check.pk).update(proof_sha256=sha256)
    return sha256


@durable
def test_older_proofs_come_under_seal_and_their_plain_files_go(owner, card, old, noon):
    assert queries.unsealed_proofs(owner) == [(owner.shop_id, card, old)]
    seen = []
    done = service.seal_old_proofs(owner, NONE, at=noon, step=lambda *told: seen.append(told))
    assert (done.sealed, done.removed, done.shared, done.missing) == (1, 1, 0, 0)
    assert seen == [(1, 1, "proof")]
    assert not files.path_of(old).exists()
    assert b"".join(service.open_proof(owner, card, proof_of(owner, card).id, reason="x", at=noon).pieces) == SCREENSHOT
    assert custody.history(owner, ["vault_ring"])[-1].facts["removed"] == 1
    again = service.seal_old_proofs(owner, NONE, at=noon)
    assert (again.sealed, again.removed, again.missing) == (0, 0, 0)
    assert len(custody.history(owner, ["vault_ring"])) == 1


@pytest.mark.django_db
def test_a_plain_file_that_something_else_names_stays(owner, old, noon):
    done = service.seal_old_proofs(owner, (("cards.BalanceCheck", "proof_sha256"),), at=noon)
    assert (done.sealed, done.removed, done.shared) == (1, 0, 1)
    assert files.read(old) == SCREENSHOT


@pytest.mark.django_db
def test_a_run_that_died_before_it_removed_anything_is_finished_by_the_next(owner, old, noon, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(files, "remove", lambda _name: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            service.seal_old_proofs(owner, NONE, at=noon)
    assert files.path_of(old).exists()
    assert queries.unsealed_proofs(owner) == []
    done = service.seal_old_proofs(owner, NONE, at=noon)
    assert (done.sealed, done.removed) == (0, 1)


@pytest.mark.django_db
def test_a_missing_file_is_told_and_nobody_but_the_owner_starts_it(owner, lead, old, noon):
    files.remove(old)
    with pytest.raises(NotAllowed):
        service.seal_old_proofs(lead, NONE, at=noon)
    assert service.seal_old_proofs(owner, NONE, at=noon).missing == 1
