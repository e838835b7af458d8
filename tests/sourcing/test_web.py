"""The pages, the commands and the job of sourcing."""

import json
import re

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.jobs.registry import Claim
from cardcase.project.cli import cli
from cardcase.sourcing import queries, service, tasks
from cardcase.sourcing.models import RiskFlag, SourceDocument
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.models import Staff
from evidence.world import World

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
ID_NUMBER = "91310000MA1K35XX01"


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def client(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    return client


@pytest.fixture
def lot(world, noon):
    """Give the batch of four cards: one bad, sold; one sold; two unsold."""
    bad, good, *_ = world.stock(4)
    world.check(bad, before=world.noon - world.noon.replace(day=19), is_usable=False, balance_fen=0)
    world.order(card=bad)
    world.order(card=good)
    return bad.batch.public_id


def shown(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, url, **data):
    answer = client.post(url, data)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return answer


def test_the_page_of_a_batch_shows_the_chain_what_is_missing_and_what_can_be_done(client, lot):
    page = shown(client, f"/batches/{lot}/")
    for word in (
        "来源链",
        "官方旗舰店",
        "材料完整度",
        "没有付款记录",
        "不证明材料本身真实",
        "召回这批",
        "交付前查验不可用",
    ):
        assert word in page


def test_every_page_is_said_in_english_too(client, lot, owner, noon):
    service.evaluate_batch(owner, lot, at=noon)
    client.cookies["django_language"] = "en"
    han = re.compile(r"[\u4e00-\u9fff]")
    for url in (f"/batches/{lot}/", "/suppliers/", "/flags/", "/claims/"):
        text = re.sub(r"<[^>]+>", " ", shown(client, url))
        left = {line.strip() for line in text.splitlines() if han.search(line)}
        own = ("官方旗舰店", "礼卡小铺", "中文", "云朵邮差")
        assert [line for line in left if not any(word in line for word in own)] == [], url


def test_a_recall_from_the_page_and_its_claim(client, lot, owner):
    bad = queries.lot(owner, lot).proven_bad[0][0]
    post(client, f"/batches/{lot}/recall/", card=bad, reason="交付前就坏了")
    page = shown(client, f"/batches/{lot}/")
    assert "2 位买家还没告知" in page
    order = queries.lot(owner, lot).recall.sold[0].order_id
    post(client, f"/batches/{lot}/told/", order=order, how="闲鱼消息")
    [claim] = queries.claims(owner)
    post(client, f"/claims/{claim.public_id}/move/", event="send")
    post(client, f"/claims/{claim.public_id}/move/", event="accept", answer="同意赔")
    post(client, f"/claims/{claim.public_id}/receipt/", amount="188", received_on="2026-11-24")
    page = shown(client, "/claims/")
    assert "已收到赔款" in page
    assert "¥188.00" in page


def test_a_paper_from_the_page_comes_back_as_an_attachment_that_nothing_sniffs(client, lot):
    file = SimpleUploadedFile("发票<i>.html", b"%PDF-1.7 x", content_type="text/html")
    post(client, f"/batches/{lot}/paper/", kind="invoice", amount="752.00", file=file)
    paper = SourceDocument.objects.get()
    assert paper.name == "发票_i.pdf"
    answer = client.get(f"/papers/{paper.public_id}/")
    assert answer.content == b"%PDF-1.7 x"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{paper.public_id}.pdf"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    post(client, f"/papers/{paper.public_id}/supersede/", reason="传错了")
    assert "传错了" in shown(client, f"/batches/{lot}/")


def test_what_is_sealed_is_on_no_page_but_the_one_that_is_asked_for(client, owner, noon, transactional_db):
    told = SupplierTold(legal_name="福礼汇商贸", id_kind="licence", id_number=ID_NUMBER, contact="微信 abc")
    one, _ = service.add_supplier(owner, "福礼汇", told, at=noon)
    for url in ("/suppliers/", f"/suppliers/{one.public_id}/"):
        assert ID_NUMBER not in shown(client, url)
        assert "微信 abc" not in shown(client, url)
    answer = client.post(f"/suppliers/{one.public_id}/details/", {"reason": "要索赔"})
    assert ID_NUMBER in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post(f"/suppliers/{one.public_id}/details/", {"reason": " "}).status_code == 422


def test_a_flag_is_decided_on_its_page(client, owner, lot, noon):
    service.evaluate_batch(owner, lot, at=noon)
    flag = RiskFlag.objects.get(rule="J-no-identity")
    assert "不是结论" in shown(client, "/flags/")
    post(client, f"/flags/{flag.public_id}/decide/", decision="accept", reason="老供应商")
    assert flag.public_id not in shown(client, "/flags/")
    assert "老供应商" in shown(client, "/flags/?state=all")


def test_amounts_and_days_that_are_none_are_refused_without_repeating_them(client, lot):
    answer = client.post(f"/batches/{lot}/set/", {"unit_cost": "K7QM92XFLP3D0001"})
    assert answer.status_code == 422
    assert "K7QM92XF" not in answer.content.decode()
    assert client.post(f"/batches/{lot}/set/", {"acquired_on": "gestern"}).status_code == 422
    assert client.post(f"/batches/{lot}/dance/", {}).status_code == 404


def test_the_job_asks_the_rules_about_a_batch(owner, lot, noon):
    service.set_lot(owner, lot, LotTold(unit_cost_fen=100), at=noon)
    tasks.evaluate_batch(
        Claim(1, "sourcing.evaluate_batch", {"shop": owner.shop_id, "batch": lot}, lot, owner.shop_id, 1, 1)
    )
    tasks.evaluate_changed(Claim(2, "sourcing.evaluate_changed", {}, "", None, 1, 1))
    assert RiskFlag.objects.filter(subject=lot, state="open").exists()
    assert RiskFlag.objects.filter(rule="X-individual", state="open").count() == 1


# --- The command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def call(shop):
    def run(*words, code=0):
        outcome = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
        got = outcome.exit_code or (outcome.return_value or 0)
        assert got == code, f"{outcome.output}\n{outcome.exception!r}"
        return outcome.output

    return run


def test_suppliers_on_the_command_line(call, tmp_path):
    paper = tmp_path / "授权.pdf"
    paper.write_bytes(b"%PDF-1.7 authorisation")
    made = call("supplier", "add", "福礼汇", "--channel", "authorised", "--claim-days", 7).strip()
    call("supplier", "attach", "福礼汇", paper, "--kind", "authorisation", "--valid-until", "2027-01-01")
    call("supplier", "suspend", made, "--reason", "坏卡太多")
    view = json.loads(call("supplier", "show", made, "--json"))
    assert (view["status"], view["papers"][0]["kind"]) == ("suspended", "authorisation")
    assert "suspended" in call("supplier", "list")


def test_batches_on_the_command_line(call, owner, lot, tmp_path):
    name = queries.lot(owner, lot).name
    call("lot", "set", name, "--unit-cost", "188", "--paid-by", "transfer", "--unnamed")
    paper = tmp_path / "发票.pdf"
    paper.write_bytes(b"%PDF-1.7 invoice")
    call("lot", "attach", name, paper, "--kind", "invoice", "--amount", "752")
    assert "J-no-identity" in call("lot", "check", lot, code=1)
    listed = tmp_path / "清单.csv"
    listed.write_text("卡号\n2336880011229999\n", "utf-8")
    found = call("lot", "serials", name, listed, code=1)
    assert "‥9999" in found
    assert "23368800" not in found
    bad = queries.lot(owner, lot).proven_bad[0][0]
    assert "停售 / set aside 2" in call("lot", "recall", lot, "--card", bad, "--reason", "坏卡")
    [claim] = queries.claims(owner)
    call("lot", "claim", claim.public_id, "--step", "send")
    call("lot", "claim", claim.public_id, "--step", "accept")
    assert "recovered" in call("lot", "claim", claim.public_id, "--step", "receipt", "--amount", "188")
    view = json.loads(call("lot", "show", name, "--json"))
    assert view["purchase"]["paid_by"] == "transfer"
    assert view["claims"][0]["recovered_fen"] == 18_800
    assert name in call("lot", "list")
    assert "完整度" in call("lot", "show", name)


def test_flags_and_reinstating_on_the_command_line(call, owner, lot, world):
    call("supplier", "suspend", "官方旗舰店", "--reason", "坏卡")
    assert "reinstated" in call("supplier", "reinstate", "官方旗舰店", "--reason", "赔清了")
    call("lot", "check", lot, code=1)
    listed = call("flag", "list")
    assert "J-no-identity" in listed
    flag = listed.split("\t")[0]
    assert "acted" in call("flag", "decide", flag, "--decision", "stop", "--reason", "先停")
    assert "sold again" in call("lot", "reinstate", lot, "--reason", "没问题")
    order = world.order()
    assert "L19-off-platform" in call("flag", "signal", order.order_no, "--kind", "off_platform")
    bad, other = queries.lot(owner, lot).proven_bad[0][0], world.stock(1)[0]
    claim = call("lot", "claim", lot, "--card", bad, "--reason", "坏卡").split("\t")[0]
    more = next(card for card, _ in queries.claim(owner, claim).addable)
    call("lot", "claim", claim, "--step", "add", "--card", more)
    assert {card for card, _, _ in queries.claim(owner, claim).cards} == {bad, more}
    assert "papered" in call("lot", "card", other.public_id)


def test_one_card_says_how_completely_it_is_papered(client, lot, owner, world):
    card = queries.lot(owner, lot).proven_bad[0][0]
    assert f"/provenance/{card}/" in shown(client, f"/cards/{card}/")
    assert "没有付款记录" in shown(client, f"/provenance/{card}/")


def test_cards_are_added_to_a_draft_and_a_batch_is_reinstated_from_the_pages(client, lot, owner):
    bad = queries.lot(owner, lot).proven_bad[0][0]
    post(client, f"/batches/{lot}/recall/", card=bad, reason="交付前就坏了")
    [claim] = queries.claims(owner)
    post(client, f"/claims/{claim.public_id}/cards/", cards=claim.addable[0][0])
    assert len(queries.claims(owner)[0].cards) == 2
    assert "恢复出售" in shown(client, f"/batches/{lot}/")
    post(client, f"/batches/{lot}/reinstate/", reason="查清了")
    assert not queries.lot(owner, lot).is_quarantined


def test_a_claim_is_begun_on_the_command_line(call, owner, lot):
    card = queries.lot(owner, lot).proven_bad[0][0]
    assert "draft" in call("lot", "claim", lot, "--card", card, "--reason", "坏卡")


def test_no_code_of_the_stock_is_on_any_page(client, world, lot, owner, noon):
    service.attach(
        owner, b"%PDF-1.7 y", PaperTold(kind="other", note=world.codes.popitem()[1].expose()), batch=lot, at=noon
    )
    pages = "".join(
        shown(client, url) for url in (f"/batches/{lot}/", "/suppliers/", "/flags/", "/claims/", "/cards/batches/")
    )
    assert not [code for code in world.codes.values() if code.expose() in pages]
