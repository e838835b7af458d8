"""The API: who may call, what a refusal looks like, one effect for one key, and the sheet that programs rely on."""

import io
import json
import zipfile
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cardcase.cards import file_rows
from cardcase.cases.models import Case, Note
from cardcase.custody.models import Entry
from cardcase.orders.models import Order
from cardcase.packs import verifier
from cardcase.project import service as project
from cardcase.project.models import IdempotentReply
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role
from evidence.pictures import noise
from intake.world import CODES, INVALID, UNWANTED, files, order_row, orders_csv, row_counts, take, upload
from project.calling import Caller

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def token(owner, noon):
    return staff.create_token(owner, label="脚本", role=Role.OWNER, at=noon)


@pytest.fixture
def api(token) -> Caller:
    return Caller(token.plain)


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, files(), at=noon)
    return Case.objects.visible_to(owner).get(order__order_no=INVALID)


@pytest.fixture
def act(api, case):
    """Do an act on the case with the revision that stands now, unless told another."""

    def do(name, *, revision=None, key=None, kinds=(), **fields):
        seen = Case.objects.get(pk=case.pk).revision if revision is None else revision
        return api.post(
            f"/cases/{case.number}/acts/{name}", {"revision": seen, "fields": fields, "kinds": list(kinds)}, key=key
        )

    return do


def problem(answer, status, code):
    """Check that an answer is a problem document with this status and code; return it."""
    assert answer.status_code == status, answer.content[:400]
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:cardcase:problem:{code}"
    assert document["title"]
    assert document["detail"]
    return document


# --- Who calls --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens_the_api_however_its_scheme_is_written(api, token, case, scheme):
    api.headers = {"Authorization": f"{scheme} {token.plain}"}
    assert api.get("/cases").status_code == 200
    problem(api.post("/triage", {"text": "卡密无效"}, key=""), 422, "idempotency_key_missing")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer cct_wrong", "Basic b3duZXI6eA==", "Token x"])
def test_who_brings_no_good_token_is_nobody(db, header):
    caller = Caller("")
    caller.headers = {"Authorization": header} if header else {}
    for answer in (caller.get("/cases"), caller.post("/triage", {"text": "x"}), caller.post("/cases/AS-1/acts/note")):
        problem(answer, 401, "not_signed_in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_is_worth_nothing_at_once(api, owner, token, noon):
    assert api.get("/cases").status_code == 200
    staff.revoke_token(owner, token_id=token.id, at=noon)
    problem(api.get("/cases"), 401, "not_signed_in")
    problem(api.post("/triage", {"text": "x"}), 401, "not_signed_in")


def test_a_bad_token_is_not_passed_over_for_the_session_beside_it(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    assert Caller("", client).get("/cases").status_code == 200
    problem(Caller("cct_wrong", client).get("/cases"), 401, "not_signed_in")


def test_a_browser_needs_the_csrf_token_to_post(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    caller = Caller("", client)
    assert caller.get("/cases").status_code == 200
    problem(caller.post("/triage", {"text": "卡密无效"}), 403, "csrf_failed")
    client.get("/settings/")
    secret = client.cookies["cardcase_csrf"].value
    assert caller.post("/triage", {"text": "卡密无效"}, **{"X-CSRFToken": secret}).status_code == 200
    caller.headers = {"X-CSRFToken": secret}
    assert caller.post("/triage", {"text": "卡密无效"}).status_code == 200


def test_a_one_time_password_opens_no_api(owner, noon):
    made = staff.create_staff(owner, username="小林", role=Role.AGENT, at=noon)
    client = Client()
    client.force_login(Staff.objects.get(pk=made.id), BACKEND)
    problem(Caller("", client).get("/cases"), 403, "must_change_password")


def test_another_shops_case_is_not_there(stranger, case, noon):
    outside = Caller(staff.create_token(stranger, label="x", role=Role.OWNER, at=noon).plain)
    problem(outside.get(f"/cases/{case.number}"), 404, "not_found")
    problem(outside.post(f"/cases/{case.number}/acts/note", {"revision": 1, "fields": {"text": "x"}}), 404, "not_found")
    problem(outside.post(f"/cases/{case.number}/pack"), 404, "not_found")
    assert outside.get("/cases").json() == {"cases": [], "next": None}
    assert outside.get("/cards").json()["cards"] == []
    assert not Note.objects.exists()


def test_an_auditors_token_reads_and_changes_nothing(owner, auditor, case, noon):
    caller = Caller(staff.create_token(owner, label="审计", role=Role.AUDITOR, at=noon).plain)
    assert caller.get(f"/cases/{case.number}").status_code == 200
    counts = row_counts()
    problem(
        caller.post(f"/cases/{case.number}/acts/note", {"revision": 1, "fields": {"text": "x"}}), 403, "not_allowed"
    )
    problem(caller.send(files()), 403, "not_allowed")
    assert row_counts() == counts


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_addresses_and_methods_that_do_not_exist_are_said_as_problems(api, case):
    problem(api.get("/nothing"), 404, "not_found")
    problem(api.get("/cases/AS-1999-000001"), 404, "not_found")
    answer = api.client.delete("/api/v1/cases", headers=api.headers)
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]
    problem(api.post(f"/cases/{case.number}/acts/dance"), 422, "wrong_use")
    problem(api.post(f"/cases/{case.number}/acts/dance", {"revision": 1}), 404, "unknown_act")
    problem(api.get("/cases?cursor=nonsense"), 422, "wrong_use")
    problem(api.get("/cases?show=nonsense"), 422, "wrong_use")
    problem(api.get("/cases/%00"), 400, "wrong_use")
    problem(api.get("/cards?brand=%00"), 400, "wrong_use")


@pytest.mark.parametrize(
    "raw", ["", "{", "[]", "null", '"x"', '{"revision":"x"}', '{"revision":-1}', '{"revision":1,"fields":[]}', '{"revision":1,"fields":{"text":1}}'],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(api, case, raw):
    answer = api.post(f"/cases/{case.number}/acts/note", raw=raw)
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code, "wrong_use")


def test_odd_characters_in_a_body_never_break_anything(act, case):
    answer = act("note", text="记一笔\0\ud800")
    assert answer.status_code in (200, 422)
    assert act("note", text="记一笔\0").status_code == 200
    assert Note.objects.latest("pk").text == "记一笔"


def test_a_body_that_is_too_large_is_refused(api):
    problem(api.post("/triage", raw='{"text":"' + "a" * 9_000_000 + '"}'), 413, "too_large")
    problem(api.post("/triage", {"text": "a" * 20_001}), 422, "wrong_use")


def test_a_stale_revision_is_a_conflict_that_says_who_and_what(act, case, owner):
    assert act("reason", revision=case.revision, sub_reason="A1").status_code == 200
    counts = Entry.objects.count()
    document = problem(act("reason", revision=case.revision, sub_reason="P1"), 409, "conflict")
    assert document["first_by"].endswith("脚本")
    assert document["number"] == case.number
    assert document["revision"] == Case.objects.get(pk=case.pk).revision
    assert "刚刚" in document["title"]
    assert document["next"]
    assert Case.objects.get(pk=case.pk).sub_reason == "A1"
    assert Entry.objects.count() == counts


def test_an_irreversible_act_without_its_phrase_is_refused(act, case):
    act("reason", sub_reason="A1")
    before = Case.objects.get(pk=case.pk)
    for name, fields in (("concede", {"kind": "full_refund"}), ("concede", {"kind": "full_refund", "typed": "好"})):
        problem(act(name, **fields), 409, "not_confirmed")
        assert Case.objects.get(pk=case.pk).revision == before.revision
    answer = problem(act("concede", kind="full_refund"), 409, "not_confirmed")
    assert "193.00" in json.dumps(answer, ensure_ascii=False)
    assert act("concede", kind="full_refund", typed="同意退款 193.00").json()["status"] == "agreed"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("result", {"result": CODES[0], "source": "x"}),
        ("move", {"event": CODES[0]}),
        ("move", {"event": "offer_ended", "answer": CODES[0]}),
        ("move", {"event": "ruled", "verdict": CODES[0]}),
        ("offer", {"kind": "partial_refund", "amount": CODES[0]}),
        ("concede", {"kind": "full_refund", "amount": CODES[0], "typed": CODES[0]}),
        ("deadline", {"due_at": CODES[0]}),
        ("deadline", {"due_at": "0001-01-01T00:00:00"}),
        ("deadline", {"due_at": "9999-12-31T23:59:59-23:00"}),
        ("evidence", {"kind": "E3", "order_no": CODES[0]}),
        ("evidence", {"kind": "E3", "balance": CODES[0]}),
        ("execute", {"key": CODES[0], "typed": CODES[0]}),
        ("sent", {"text": f"您的卡密 {CODES[0]}"}),
        ("note", {CODES[0]: "x"}),
        ("answer", {"playbook": CODES[0], "question": "where", "answer": "used"}),
        ("answer", {"playbook": "A1", "question": CODES[0], "answer": "used"}),
        ("answer", {"playbook": "A1", "question": "where", "answer": CODES[0]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value)[:30],
)
def test_a_refusal_never_repeats_a_card_code(act, case, name, fields):
    counts = row_counts()
    answer = act(name, **fields)
    assert answer.status_code in (409, 422), answer.content
    problem(answer, answer.status_code, answer.json()["code"])
    assert CODES[0] not in answer.content.decode()
    assert row_counts() == counts


def test_a_malformed_body_is_not_repeated_either(api, case):
    for raw in (
        f'{{"revision":"{CODES[0]}"}}',
        f'{{"revision":1,"fields":{{"{CODES[0]}":["x"]}}}}',
        f'{{"revision":1, {CODES[0]}',
    ):
        answer = api.post(f"/cases/{case.number}/acts/note", raw=raw)
        assert answer.status_code in (400, 422)
        assert CODES[0] not in answer.content.decode()


# --- Once -------------------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer_and_one_effect(api, case):
    body = {"revision": case.revision, "fields": {"text": "买家来电"}}
    first = api.post(f"/cases/{case.number}/acts/note", body, key="k1")
    counts = row_counts()
    again = api.post(f"/cases/{case.number}/acts/note", body, key="k1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Note.objects.count() == 1
    assert row_counts() == counts


def test_a_key_serves_one_request_of_one_caller(api, owner, case, noon):
    path = f"/cases/{case.number}/acts/note"
    api.post(path, {"revision": 1, "fields": {"text": "一"}}, key="k1")
    problem(api.post(path, {"revision": 1, "fields": {"text": "二"}}, key="k1"), 422, "idempotency_key_reused")
    problem(api.post("/triage", {"text": "一"}, key="k1"), 422, "idempotency_key_reused")
    other = Caller(staff.create_token(owner, label="审计", role=Role.AUDITOR, at=noon).plain)
    answer = other.post(path, {"revision": 1, "fields": {"text": "一"}}, key="k1")
    problem(answer, 422, "idempotency_key_reused")  # an answer meant for the owner is not an auditor's
    assert Note.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 101])
def test_a_post_without_a_usable_key_does_nothing(api, case, key):
    path = f"/cases/{case.number}/acts/note"
    answer = api.post(path, {"revision": 1, "fields": {"text": "一"}}, key=key)
    problem(answer, 422, "idempotency_key_missing")
    assert not Note.objects.exists()


def test_a_refused_act_is_not_remembered(act, case):
    problem(act("note", key="k1", text=""), 422, "wrong_use")
    assert not IdempotentReply.objects.exists()
    assert act("note", key="k1", text="现在写了").status_code == 200


def test_two_shops_may_use_the_same_key(api, stranger, noon):
    outside = Caller(staff.create_token(stranger, label="x", role=Role.OWNER, at=noon).plain)
    for caller in (api, outside):
        answer = caller.post("/triage", {"text": "卡密无效"}, key="k1")
        assert answer.status_code == 200
        assert "Idempotent-Replayed" not in answer.headers


def test_an_import_repeated_by_another_connection_is_the_same_request(api, owner):
    first = api.send(files(), key="k1")
    counts = row_counts()
    again = api.send(files(), key="k1")  # the boundary of a multipart body is a new random word each time
    assert again.content == first.content
    assert row_counts() == counts
    problem(api.send(files()[:1], key="k1"), 422, "idempotency_key_reused")


def test_answers_are_forgotten_after_a_day(api, noon):
    api.post("/triage", {"text": "卡密无效"}, key="k1")
    assert project.forget_replies(None, at=noon + timedelta(hours=23)) == 0
    assert project.forget_replies(None, at=noon + timedelta(hours=25)) == 1


# --- What it gives ----------------------------------------------------------------------------------------------------

TEXT, MAYBE = str, (str, type(None))
SHEET = {
    "number": TEXT, "order_no": TEXT, "claimed_reason": TEXT, "sub_reason": MAYBE, "confidence": float, "quotes": list, "stage": TEXT,
    "status": TEXT, "waiting_on": TEXT, "clock": (dict, type(None)), "evidence": list, "remedies": list, "draft": (dict, type(None)),
    "hold": bool, "needs_human": list, "claimed_fen": (int, type(None)), "revision": int,
}  # fmt: skip
PARTS = {
    "quotes": {"text": TEXT, "message": TEXT},
    "evidence": {"kind": TEXT, "title": TEXT, "state": TEXT, "party": TEXT, "why": TEXT},
    "remedies": {"kind": TEXT, "allowed": bool, "blocked_by": list, "floor": bool},
    "needs_human": {"code": TEXT, "zh": TEXT, "en": TEXT},
}
CLOCK = {"kind": TEXT, "due_at": TEXT, "source": TEXT, "certainty": TEXT, "rule": TEXT, "if_missed": TEXT}
DRAFT = {"text": TEXT, "length": int, "checks": list}


def check(told, shape):
    assert set(shape) <= set(told)
    for name, kind in shape.items():
        assert isinstance(told[name], kind), (name, told[name])


def test_the_sheet_holds_what_the_contract_says(api, case):
    sheet = api.get(f"/cases/{case.number}").json()
    check(sheet, SHEET)
    for name, shape in PARTS.items():
        assert sheet[name]
        for part in sheet[name]:
            check(part, shape)
    check(sheet["clock"], CLOCK)
    assert datetime.fromisoformat(sheet["clock"]["due_at"]).utcoffset() == timedelta(hours=8)
    check(sheet["draft"], DRAFT)
    assert sheet["draft"]["length"] == len(sheet["draft"]["text"]) <= 200
    assert sheet["order_no"] == INVALID
    assert sheet["hold"] is True


def test_the_sheet_is_the_same_by_api_and_command(api, owner, case):
    from cardcase.desk.queries import sheet as sheets
    from cardcase.kit import clock
    from cardcase.project.cli.common import plain

    assert api.get(f"/cases/{case.number}").json() == json.loads(
        json.dumps(plain(sheets.sheet(owner, case.number, now=clock.now())))
    )


def test_the_queue_goes_page_by_page(api, case):
    first = api.get("/cases?limit=1").json()
    second = api.get(f"/cases?limit=1&cursor={first['next'].replace('+', '%2B')}").json()
    assert [first["cases"][0]["order_no"], second["cases"][0]["order_no"]] == [UNWANTED, INVALID]
    assert second["next"] is None
    assert datetime.fromisoformat(first["cases"][0]["due_at"]).tzinfo is not None


def test_an_import_tells_of_every_row(api, owner):
    mangled = "2.22669E+18,1,a,2,x,已发货,1.00,,,,,,,"
    bad = [files()[0], upload("orders.csv", orders_csv(order_row(INVALID), mangled))]
    dry = api.send(bad, dry_run="true").json()
    assert dry["is_dry_run"] is True
    assert not Order.objects.exists()
    done = api.send(bad, batch="AP-1103").json()
    assert done["is_dry_run"] is False
    [cards, orders] = done["files"]
    assert (cards["kind"], cards["new"], orders["kind"], orders["new"]) == ("cards", 3, "orders", 1)
    assert set(orders["refused"][0]) == {"row", "column", "code", "reason", "next", "reason_en", "next_en"}
    assert (orders["refused"][0]["row"], orders["refused"][0]["column"]) == (3, "订单号")
    assert Order.objects.count() == 1
    assert not any(code in json.dumps(done) for code in CODES)


def test_an_import_without_files_or_with_too_many_is_refused(api):
    problem(api.send([]), 422, "wrong_use")
    answer = api.send([upload(f"{n}.txt", b"x") for n in range(51)])
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code, answer.json()["code"])


def test_a_pack_is_a_zip_that_verifies(api, case, tmp_path):
    answer = api.post(f"/cases/{case.number}/pack")
    assert answer.headers["Content-Type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    path = tmp_path / "pack.zip"
    path.write_bytes(answer.content)
    assert verifier.verify(path).is_intact
    assert not any(code.encode() in answer.content for code in CODES)
    assert (
        api.post(f"/cases/{case.number}/pack", key="k1").content
        == api.post(f"/cases/{case.number}/pack", key="k1").content
    )


def test_triage_says_the_reason_and_where_it_reads_it(api):
    text = "老板 充的时候一直弹此代码无效"
    answer = api.post("/triage", {"text": text}).json()
    assert (answer["reason"], answer["sub_reason"], answer["needs_human"]) == ("authenticity", "A1", [])
    [span, *_] = answer["spans"]
    assert "代码无效" in text[span["start"] : span["end"]]
    nothing = api.post("/triage", {"text": "在吗"}).json()
    assert (nothing["sub_reason"], nothing["spans"]) == ("", [])


def test_cards_are_listed_masked(api, case):
    told = api.get("/cards").json()
    assert {card["code"] for card in told["cards"]} == {f"‥{code[-4:]}" for code in CODES}
    assert api.get("/cards/balance").json()["is_complete"] is True
    assert api.get("/cards?state=nonsense&cursor=²").status_code == 200


def test_the_reverse_of_every_api_address_is_versioned(db):
    assert reverse("api:openapi-json") == "/api/v1/openapi.json"


# --- Evidence ---------------------------------------------------------------------------------------------------------


def test_files_are_kept_as_evidence_once_for_one_key_with_what_they_show(api, case):
    picture = upload("截图.png", noise(40, 30))
    told = {"kind": "E10", "balance": "0", "tail4": "9F2C", "at": "2026-11-23T09:00"}
    first = api.send([picture], to=f"/cases/{case.number}/evidence", key="k1", **told)
    assert first.status_code == 200, first.content
    again = api.send([picture], to=f"/cases/{case.number}/evidence", key="k1", **told)
    assert again.json() == first.json()
    [kept] = case.exhibits.all()
    assert first.json() == {"number": case.number, "exhibits": [kept.public_id]}
    assert (kept.kind, kept.source_file, kept.facts["balance_fen"]) == ("E10", "截图.png", 0)
    assert file_rows.read(kept) == picture.data


def test_of_two_files_with_one_bad_none_is_kept_and_the_bad_one_is_named(api, case):
    good, bad = upload("截图.png", noise(40, 30)), upload("坏的.png", b"no picture at all")
    answer = api.send([good, bad], to=f"/cases/{case.number}/evidence", kind="E10")
    problem(answer, 409, "bad_file")
    assert not case.exhibits.exists()
    problem(api.send([good], to=f"/cases/{case.number}/evidence", kind="E99"), 422, "wrong_use")
