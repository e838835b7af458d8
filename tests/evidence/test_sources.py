"""Papers of a purchase and answers of its supplier stand in a case's checklist (E1, E24), without being added by hand."""

import pytest

from cardcase.cards.models import CardBatch
from cardcase.evidence import queries
from cardcase.sourcing import service as sourcing
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import PaperTold

from .world import World

pytestmark = pytest.mark.django_db
ID_NUMBER = "91310000MA1K35XX01"


@pytest.fixture
def case(shop, owner, system, noon):
    return World(shop, owner, system, noon).case("A1")


def items(owner, case, noon):
    return {item.kind: item for item in queries.checklist(owner, case, at=noon)}


def lot_of(case):
    return CardBatch.objects.get(pk=case.card.batch_id)


def test_an_invoice_among_the_papers_is_a_purchase_record(owner, case, noon):
    CardBatch.objects.update(proof_sha256="")
    assert not queries.case_facts(owner, case, at=noon).cards[0].has_proof
    lot = lot_of(case)
    for kind in ("invoice", "payment"):
        sourcing.attach(owner, b"%PDF-1.7 x", PaperTold(kind=kind), batch=lot.public_id, at=noon)
    facts = queries.case_facts(owner, case, at=noon)
    assert facts.cards[0].has_proof
    assert "凭证已存：发票、付款凭证" in str(items(owner, case, noon)["E1"])


def test_who_the_supplier_really_is_stays_out_of_the_case(owner, case, noon):
    giver = lot_of(case).supplier.public_id
    told = SupplierTold(legal_name="某某商贸有限公司", id_kind="licence", id_number=ID_NUMBER, contact="微信 abc")
    sourcing.change_supplier(owner, giver, told, at=noon)
    seen = str(items(owner, case, noon)) + str(queries.case_facts(owner, case, at=noon))
    assert not [secret for secret in ("某某商贸", ID_NUMBER, "微信 abc") if secret in seen]


@pytest.mark.parametrize(("step", "said", "against"), [("accept", "同意赔付", True), ("reject", "拒绝赔付", False)])
def test_what_the_supplier_answers_to_a_claim_is_evidence_also_against_the_shop(  # noqa: PLR0917 - fixtures
    owner, case, noon, step, said, against
):
    claim = sourcing.open_claim(owner, lot_of(case).public_id, {case.card.public_id: 100}, reason="坏卡", at=noon)
    assert "E24" not in {kind for kind, item in items(owner, case, noon).items() if said in str(item)}
    sourcing.move_claim(owner, claim.public_id, "send", at=noon)
    assert "还没有答复" in str(items(owner, case, noon)["E24"])
    sourcing.move_claim(owner, claim.public_id, step, answer="见回复", at=noon)
    found = items(owner, case, noon)["E24"]
    assert said in str(found)
    facts = queries.case_facts(owner, case, at=noon)
    assert facts.cards[0].supplier_answered_at == noon
    assert found.is_against_seller is against
