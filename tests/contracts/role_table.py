"""Who gets what from every address: the rows that ``test_roles`` checks."""

from dataclasses import dataclass, field
from typing import Any

from cardcase.cards.rules import CardKind
from evidence.pictures import noise
from intake.world import INVALID, order_row, orders_csv

WHO = ("owner", "lead", "agent", "auditor", "stranger", "nobody")

OK, LOGIN = "ok", "login"
ALL = "ok ok ok ok ok login"  # any member of staff sees their own
WORK = "ok ok ok 403 404 login"
LEAD = "ok ok 403 403 404 login"
OWNER = "ok 403 403 403 404 login"
SHOP = "ok 403 403 403 ok login"  # the stranger owns a shop too
NOTIFY = "ok ok 403 403 ok login"
INSIGHT = "ok ok 403 ok ok login"  # who answers for the work, and who audits it
API_INSIGHT = "ok ok 403 ok ok 401"
API_NOTIFY = "ok ok 403 403 ok 401"
API_SHOP = "ok 403 403 403 ok 401"
API_LEAD = "ok ok 403 403 404 401"
OPEN = "ok ok ok ok ok ok"
OBJECT = "ok ok ok ok 404 login"
API_OBJECT = "ok ok ok ok 404 401"
API_OWN = "ok ok ok ok ok 401"
API_WORK = "ok ok ok 403 404 401"
NONE = "404 404 404 404 404 login"  # there is no such factor yet
TO_DOOR = "302 302 302 302 302 ok"  # the door itself: who is in is led on


@dataclass(frozen=True)
class Row:
    """One address with one method: what is sent, and what owner, lead, agent, auditor, stranger and nobody get."""

    method: str
    pattern: str
    gets: str
    data: dict[str, Any] = field(default_factory=dict)
    at: dict[str, str] = field(default_factory=dict)  # what stands in the place of <name> when the world does not say
    is_durable: bool = False  # commits by itself, so that its check cannot be rolled back

    def expected(self, who: str) -> str:
        return self.gets.split()[WHO.index(who)]


def act(name: str, gets: str, **data: str) -> Row:
    return Row("POST", "cases/<str:number>/<str:name>/", gets, {"revision": "REVISION", **data}, {"name": name})


def pack_act(name: str, gets: str, **data: str) -> Row:
    return Row(
        "POST", "cases/<str:number>/packs/acts/<str:name>/", gets, {"revision": "REVISION", **data}, {"name": name}
    )


def api_act(name: str, gets: str, **data: str) -> Row:
    return Row("POST", "api/v1/cases/<number>/acts/<name>", gets, data, {"name": name})


def give(name: str, gets: str, *, is_durable: bool = False, **data: str) -> Row:
    data = {"reason": "x", **data}
    return Row("POST", "deliveries/<str:delivery>/<str:name>/", gets, data, {"name": name}, is_durable=is_durable)


def api_give(name: str, gets: str, *, is_durable: bool = False, **data: Any) -> Row:
    return Row("POST", f"api/v1/deliveries/<delivery>/{name}", gets, data, is_durable=is_durable)


KIND_JSON = {"brand": "苹果充值卡", "face_fen": 20_000}
GIVEN = {"kind": CardKind("苹果充值卡", 20_000).key(), "quantity": "1"}
TARGET = {"kind": "webhook", "name": "群", "address": "https://example.com/x", "events": "margin", "scope": "ours"}
PAPER = ("paper.pdf", b"%PDF-1.7 paper")
PICTURE = ("a.png", noise(8, 8))
NO_PACK = ("pack.zip", b"no archive")
SCREEN = ("截图.png", b"\x89PNG\r\n\x1a\n a picture that nobody reads here")
ORDERS = ("orders.csv", orders_csv(order_row("3310145690545000009")).encode())

TABLE = (
    # Rooms without a shop
    Row("POST", "language/", OPEN, {"language": "en"}),
    Row("GET", "parts/", ALL),
    Row("GET", "healthz", OPEN),
    Row("GET", "verify/", OPEN),
    Row("POST", "verify/", OPEN, {"pack": NO_PACK}),
    Row("GET", "readyz", OPEN),
    # Settings
    Row("GET", "settings/", ALL),
    Row("GET", "settings/shop/", SHOP),
    Row("POST", "settings/shop/", SHOP, {"name": "x", "default_response_hours": "24", "agent_limit": "50", "is_pro": "no"}),
    Row("GET", "settings/hours/", SHOP),
    Row("POST", "settings/hours/", SHOP, {"mon": "09:00-18:00"}),
    Row("GET", "settings/record/", ALL),
    Row("POST", "settings/record/sign/", ALL, is_durable=True),
    Row("POST", "settings/record/rotate-key/", SHOP, {"reason": "x"}, is_durable=True),
    Row("POST", "settings/record/continue/", "409 403 403 403 409 login", {"reason": "x"}, is_durable=True),
    Row("GET", "settings/staff/", SHOP),
    Row("POST", "settings/staff/new/", SHOP, {"username": "新人", "role": "agent", "act": "new"}),
    Row("POST", "settings/staff/<int:staff_id>/role/", OWNER, {"role": "lead"}),
    Row("POST", "settings/staff/<int:staff_id>/remove/", OWNER, {"typed": "victim"}),
    Row("POST", "settings/staff/<int:staff_id>/password/", OWNER),
    Row("GET", "settings/tokens/", SHOP),
    Row("POST", "settings/tokens/new/", SHOP, {"label": "x", "role": "agent"}),
    Row("POST", "settings/tokens/<int:token_id>/revoke/", OWNER),
    Row("GET", "settings/notices/", NOTIFY),
    Row("POST", "settings/notices/", NOTIFY, {**TARGET, "name": "另一个", "language": "zh-hans"}),
    Row("GET", "settings/notices/<str:target>/", LEAD),
    Row("POST", "settings/notices/<str:target>/", LEAD, {**TARGET, "language": "zh-hans"}),
    Row("POST", "settings/notices/<str:target>/test/", LEAD),
    Row("POST", "settings/notices/<str:target>/switch/", LEAD, {"to": "off"}),
    Row("POST", "settings/notices/<str:target>/remove/", LEAD),
    Row("POST", "settings/notices/calendar/", NOTIFY),
    Row("POST", "settings/notices/calendar/revoke/", NOTIFY),
    Row("GET", "settings/anchors/", ALL),
    Row("POST", "settings/anchors/stamp/", SHOP),
    Row("POST", "settings/anchors/copies/", SHOP, {"in_chat": "on"}),
    Row("GET", "settings/anchors/checkpoint.note", "404 404 404 404 404 login"),  # nothing was signed yet
    Row("GET", "settings/anchors/<str:sha256>.tsr", NONE, at={"sha256": "0" * 64}),
    Row("GET", "settings/anchors/<str:sha256>.note", NONE, at={"sha256": "0" * 64}),
    Row("GET", "calendar/<str:key>.ics", OPEN, at={"key": "CALENDAR"}),
    Row("GET", "calendar/<str:key>.ics", "404 404 404 404 404 404", at={"key": "x"}),
    Row("GET", "settings/advice/", INSIGHT),
    Row("GET", "settings/advice/overrides/", INSIGHT),
    Row("POST", "settings/switch-shop/", ALL, {"shop": "SHOP"}),
    # Cases
    Row("GET", "", ALL),
    Row("GET", "cases/<str:number>/", OBJECT),
    Row("GET", "cases/<str:number>/exhibits/<str:exhibit>/", OBJECT),
    Row("GET", "cases/<str:number>/timeline/", OBJECT),
    Row("POST", "cases/<str:number>/exhibits/<str:exhibit>/open/", "422 422 403 403 404 login", is_durable=True),
    act("reason", WORK, sub_reason="A1"),
    act("note", WORK, text="x"),
    act("answer", WORK, question="where", answer="used", playbook="A1"),
    act("reply", WORK, text="您好"),
    act("evidence", WORK, kind="E3", usable="no"),
    act("need", WORK, code="linked_by_nick"),
    act("cause", WORK, cause="A1"),
    act("card", WORK, card="CARD"),
    act("hold", OWNER, reason="x"),
    act("deadline", "409 409 409 403 404 login", due_at="2026-11-26T10:00"),
    act("ask", "409 409 409 403 404 login", kinds="E9", to="buyer"),
    act("sent", "409 409 409 403 404 login", text="您好"),
    act("offer", "409 409 409 403 404 login", kind="full_refund"),
    act("concede", "409 409 409 403 404 login", kind="full_refund"),
    act("same", "409 409 409 403 404 login", same="yes"),
    act("result", "409 409 409 403 404 login", result="verified", source="x"),
    act("move", "ok ok ok 403 404 login", event="withdrawn", source="x"),
    act("decline", "409 409 403 403 404 login", refuse_reason="其他", text="x", typed="拒绝退款"),
    act("escalate", "409 409 403 403 404 login", typed="平台介入"),
    act("review", "409 409 403 403 404 login", text="x", cause="unnoticed", measure="x"),
    act("pause_goal", "404 404 404 403 404 login", reason="other", note="x"),
    act("resume_goal", "404 404 404 403 404 login"),
    act("execute", "409 403 403 403 404 login", key="k", typed="x"),
    act("check", ALL, text="您好"),
    act("suggest", WORK, text="您好"),
    act("dance", "404 404 404 404 404 login"),
    Row("GET", "cases/<str:number>/packs/", OBJECT),
    pack_act("stage", WORK, recipient="court", letter="x"),
    pack_act("looked", WORK, exhibits="EXHIBIT"),
    pack_act("words", "422 422 422 403 404 login", words="没有这几个字", reason="x"),
    pack_act("uncover", "404 404 403 403 404 login", ref="cov_x", reason="x"),
    pack_act("lift", "404 404 403 403 404 login", ref="red_x", reason="x"),
    pack_act("submit", "409 409 403 403 404 login", typed="提交证据包"),
    Row("POST", "cases/<str:number>/packs/acts/<str:name>/", OBJECT, {"typed": "封存证据包"}, {"name": "seal"}, is_durable=True),
    Row("GET", "cases/<str:number>/packs/<str:version>.zip", "404 404 404 404 404 login", at={"version": "99"}),
    Row("GET", "cases/<str:number>/packs/<str:version>/<str:name>", "404 404 404 404 404 login", at={"version": "99", "name": "report.pdf"}),
    Row("GET", "cases/<str:number>/exhibits/", OBJECT),
    Row("GET", "cases/<str:number>/exhibits/<str:exhibit>/cover/", OBJECT),
    Row("POST", "cases/<str:number>/exhibits/<str:exhibit>/cover/", WORK, {"areas": "0,0,1,1", "reason": "x"}),
    Row("GET", "cases/<str:number>/exhibits/<str:exhibit>/pages/<int:page>.png", OBJECT, at={"page": "1"}),
    Row("GET", "cases/<str:number>/exhibits/<str:exhibit>/shown", OBJECT),
    Row("GET", "cases/<str:number>/refusal/", OBJECT),
    Row("POST", "cases/<str:number>/refusal/", OBJECT, {"refuse_reason": "其他", "text": "x"}),
    Row("GET", "cases/<str:number>/refusal/<str:name>.png", OBJECT, at={"name": "timeline"}),
    Row("GET", "cases/<str:number>/<str:name>/", "405 405 405 405 405 405", at={"name": "note"}),
    # Cards
    Row("GET", "search/", ALL),
    Row("POST", "search/ask/", ALL, {"q": "退款"}),
    Row("GET", "cards/", ALL),
    Row("GET", "cards/batches/", ALL),
    Row("GET", "cards/<str:public_id>/", OBJECT),
    Row("POST", "cards/find/", ALL, {"told": "K4RT"}),
    *(
        Row("POST", "cards/<str:public_id>/<str:name>/", gets, data, {"name": name})
        for name, gets, data in (
            ("check", WORK, {"balance": "200", "usable": "yes", "method": "官网"}),
            ("ask_void", LEAD, {"reason": "退款前作废"}),
            ("settle_void", "409 409 403 403 404 login", {"result": "failed", "note": "工单"}),
            ("redeemed", WORK, {"source": "官网"}),
            ("take_back", LEAD, {"reason": "退回"}),
            ("readmit", "409 403 403 403 404 login", {"reason": "复查"}),
            ("write_off", "409 403 403 403 404 login", {"reason": "核销"}),
            ("dance", "404 404 404 404 404 login", {}),
        )
    ),
    Row("POST", "cards/batches/<str:public_id>/quarantine/", LEAD, {"reason": "可疑"}, {"public_id": "BATCH"}),
    Row("POST", "cards/<str:subject>/proofs/<str:proof>/", "404 404 403 403 404 login", {"reason": "x"}, {"subject": "CARD", "proof": "x"}, is_durable=True),
    Row("POST", "cards/<str:public_id>/reveal/", LEAD, {"reason": "核对"}, is_durable=True),
    # Giving
    Row("GET", "deliveries/", ALL),
    Row("POST", "deliveries/allocate/", "ok ok ok 403 422 login", {"order_no": "WAITING", **GIVEN}),
    Row("POST", "deliveries/kinds/", "ok ok 403 403 422 login", {"channel": "xianyu", "item_id": "1", **GIVEN}),
    Row("GET", "deliveries/<str:delivery>/", OBJECT),
    give("terms", WORK),
    give("consent", WORK),
    give("waive", OWNER),
    give("cancel", WORK),
    give("confirm", "409 409 409 403 404 login"),
    give("settle", "422 422 422 422 404 login"),
    give("lift", "404 404 403 403 404 login", ref="x"),
    give("resend", "409 409 403 403 404 login", is_durable=True),
    give("link", LEAD, days="3"),
    give("unlink", WORK),
    Row("GET", "settings/links/", "ok 403 403 403 ok login"),
    Row("POST", "settings/links/", "ok 403 403 403 ok login", {"hours": "48"}),
    Row("GET", "api/v1/deliveries/link_hours", API_OWN),
    Row("POST", "api/v1/deliveries/link_hours", "ok 403 403 403 ok 401", {"hours": 48}),
    Row("GET", "c/", OPEN),
    Row("POST", "c/", "404 404 404 404 404 404", {"token": "x"}),
    give("dance", "404 404 404 404 404 login"),
    give("show", LEAD, is_durable=True),
    Row("POST", "deliveries/<str:delivery>/parcel/<str:step>/", WORK, {"serials": "K7QM-92XF-LP3D-07700"}, {"step": "packed", "delivery": "BOXED"}),
    Row("POST", "deliveries/<str:delivery>/parcel/<str:step>/", "409 409 409 403 404 login", {"serials": "x"}, {"step": "packed"}),
    Row("POST", "deliveries/<str:delivery>/parcel/<str:step>/", "409 409 403 403 404 login", {}, {"step": "take_back"}),
    Row("POST", "deliveries/<str:delivery>/parcel/<str:step>/", "422 422 422 403 404 login", {"kind": "return"}, {"step": "again", "delivery": "BOXED"}),
    Row("POST", "deliveries/<str:delivery>/parcel/files/<str:file>/", "404 404 403 403 404 login", {"reason": "x"}, {"file": "x"}, is_durable=True),
    # Replacements: none is kept in this world
    Row("POST", "replacements/<str:card>/parcel/<str:step>/", "404 404 404 403 404 login", {"serials": "x"}, {"card": "CARD", "step": "packed"}),
    Row("POST", "replacements/<str:card>/parcel/files/<str:file>/", "404 404 403 403 404 login", {"reason": "x"}, {"card": "CARD", "file": "x"}, is_durable=True),
    Row("GET", "replacements/<str:card>/", "404 404 404 404 404 login", at={"card": "CARD"}),
    Row("POST", "replacements/<str:card>/<str:name>/", "404 404 404 404 404 login", {"reason": "x"}, {"card": "CARD", "name": "show"}),
    Row("GET", "api/v1/replacements", API_OWN),
    Row("GET", "api/v1/replacements/<card>", "404 404 404 404 404 401", at={"card": "CARD"}),
    Row("POST", "api/v1/replacements/<card>/authorise", "404 404 403 403 404 401", {"reason": "x"}, {"card": "CARD"}, is_durable=True),
    Row("POST", "api/v1/replacements/<card>/confirm", "404 404 404 403 404 401", at={"card": "CARD"}),
    Row("POST", "api/v1/replacements/<card>/settle", "404 404 403 403 404 401", {"was_seen": True, "reason": "x"}, {"card": "CARD"}),
    # Sourcing
    Row("GET", "suppliers/", ALL),
    Row("POST", "suppliers/new/", "ok ok 403 403 ok login", {"name": "新货源"}),
    Row("GET", "suppliers/<str:supplier>/", OBJECT),
    Row("POST", "suppliers/<str:supplier>/<str:name>/", LEAD, {"note": "x"}, {"name": "change"}),
    Row("POST", "suppliers/<str:supplier>/<str:name>/", LEAD, {"reason": "x"}, {"name": "suspend"}),
    Row("POST", "suppliers/<str:supplier>/<str:name>/", "409 403 403 403 404 login", {"reason": "x"}, {"name": "reinstate"}),
    Row("POST", "suppliers/<str:supplier>/<str:name>/", LEAD, {"reason": "x"}, {"name": "details"}, is_durable=True),
    Row("POST", "suppliers/<str:supplier>/<str:name>/", LEAD, {"kind": "contract", "file": PAPER}, {"name": "paper"}),
    Row("GET", "batches/<str:batch>/", OBJECT),
    Row("POST", "batches/<str:batch>/<str:name>/", LEAD, {"paid_by": "cash"}, {"name": "set"}),
    Row("POST", "batches/<str:batch>/<str:name>/", LEAD, {"kind": "receipt", "file": PAPER}, {"name": "paper"}),
    Row("POST", "batches/<str:batch>/<str:name>/", WORK, {}, {"name": "check"}),
    Row("POST", "batches/<str:batch>/<str:name>/", OWNER, {"reason": "x", "suspicion": "yes"}, {"name": "recall"}),
    Row("POST", "batches/<str:batch>/<str:name>/", LEAD, {"reason": "x", "cards": "CARD", "amount": "1"}, {"name": "claim"}),
    Row("POST", "batches/<str:batch>/<str:name>/", "404 404 404 403 404 login", {"order": "x", "how": "x"}, {"name": "told"}),
    Row("POST", "batches/<str:batch>/<str:name>/", "409 403 403 403 404 login", {"reason": "x"}, {"name": "reinstate"}),
    Row("GET", "provenance/<str:card>/", OBJECT, at={"card": "CARD"}),
    Row("GET", "flags/", ALL),
    Row("POST", "flags/decide/", "404 403 403 403 404 login", {"flags": "flag_x:0", "decision": "clear", "reason": "x"}),
    Row("POST", "flags/signal/", WORK, {"order_no": INVALID, "kind": "off_platform"}),
    Row("POST", "flags/<str:flag>/decide/", OWNER, {"decision": "clear", "reason": "x"}),
    Row("POST", "flags/<str:flag>/decide/", LEAD, {"decision": "stop", "reason": "x"}),
    Row("GET", "claims/", ALL),
    Row("POST", "claims/<str:claim>/<str:name>/", LEAD, {"event": "send"}, {"name": "move"}),
    Row("POST", "claims/<str:claim>/<str:name>/", "409 409 403 403 404 login", {"amount": "1", "received_on": "2026-11-01"}, {"name": "receipt"}),
    Row("POST", "claims/<str:claim>/<str:name>/", LEAD, {"kind": "chat", "file": PAPER}, {"name": "paper"}),
    Row("POST", "claims/<str:claim>/<str:name>/", LEAD, {"cards": "CARD", "amount": "1"}, {"name": "cards"}),
    Row("GET", "papers/<str:paper>/", OBJECT),
    Row("POST", "papers/<str:paper>/supersede/", LEAD, {"reason": "x"}),
    # Imports
    Row("GET", "import/", ALL),
    Row("POST", "import/", "ok ok ok 403 ok login", {"files": ORDERS, "act": "import"}),
    Row("POST", "import/", "ok ok ok 403 ok login", {"files": ORDERS, "act": "preview"}),
    Row("POST", "import/confirm/", WORK, {"key": "HELD"}),
    Row("GET", "import/<str:run>/", OBJECT),
    Row("GET", "screens/", ALL),
    Row("POST", "screens/", "ok ok ok 403 ok login", {"files": SCREEN, "taken_by": "seller"}),
    Row("GET", "screens/<str:capture>/", OBJECT),
    Row("POST", "screens/<str:capture>/", WORK, {"act": "save", "text-1": "改过"}),
    Row("POST", "screens/<str:capture>/", WORK, {"act": "confirm"}),
    Row("POST", "screens/<str:capture>/", WORK, {"act": "drop"}),
    Row("GET", "screens/<str:capture>/<int:place>-<int:piece>.png", OBJECT, at={"place": "0", "piece": "0"}),
    Row("POST", "hooks/<str:channel>/<str:key>", "403 403 403 403 403 403", {}, {"channel": "goofish", "key": "x"}),
    # API
    Row("GET", "api/v1/openapi.json", OPEN),
    Row("GET", "api/v1/", "404 404 404 404 404 404"),
    Row("GET", "api/v1/cases", API_OWN),
    Row("GET", "api/v1/cases/<number>", API_OBJECT),
    Row("GET", "api/v1/cases/<number>/timeline", API_OBJECT),
    Row("GET", "api/v1/cases/<number>/drafts", API_OBJECT),
    Row("POST", "api/v1/cases/<number>/drafts/model", API_WORK),
    Row("GET", "settings/model/", SHOP),
    Row("POST", "settings/model/", SHOP),
    Row("GET", "api/v1/replies/model", API_SHOP),
    Row("POST", "api/v1/replies/model", "409 403 403 403 409 401", {"typed": "x"}),  # no model is set up
    Row("POST", "api/v1/replies/model/take-back", API_SHOP),
    Row("GET", "settings/corrections/", INSIGHT),
    Row("GET", "settings/corrections/labels.jsonl", INSIGHT),
    Row("POST", "settings/corrections/switch/", SHOP, {"do": "on"}),
    Row("GET", "api/v1/corrections", API_INSIGHT),
    Row("GET", "api/v1/corrections/labels", API_INSIGHT),
    Row("POST", "api/v1/corrections/switch", API_SHOP, {"on": True}),
    Row("POST", "api/v1/corrections/back", API_SHOP),
    Row("POST", "api/v1/replies/check", API_OWN, {"text": "x"}),
    api_act("note", API_WORK, text="x"),
    api_act("answer", API_WORK, question="where", answer="used", playbook="A1"),
    api_act("hold", "ok 403 403 403 404 401", reason="x"),
    api_act("decline", "409 409 403 403 404 401", refuse_reason="其他", text="x", typed="拒绝退款"),
    api_act("execute", "409 403 403 403 404 401", key="k", typed="x"),
    Row("POST", "api/v1/cases/<number>/evidence", API_WORK, {"kind": "E10", "files": PICTURE}),
    Row("POST", "api/v1/cases/<number>/looked", API_WORK, {"exhibits": []}),
    Row("POST", "api/v1/cases/<number>/pack", API_OBJECT, is_durable=True),
    Row("GET", "api/v1/cases/<number>/packs", API_OBJECT),
    Row("GET", "api/v1/cases/<number>/packs/preview", API_OBJECT),
    Row("POST", "api/v1/cases/<number>/packs/stage", API_WORK, {"recipient": "court"}),
    Row("POST", "api/v1/cases/<number>/packs/seal", API_OBJECT, {"typed": "封存证据包", "seen": ""}, is_durable=True),
    Row("GET", "api/v1/cases/<number>/packs/<version>", "404 404 404 404 404 401", at={"version": "99"}),
    Row("GET", "api/v1/cases/<number>/packs/<version>/<name>", "404 404 404 404 404 401", at={"version": "99", "name": "report.pdf"}),
    Row("GET", "api/v1/cases/<number>/exhibits", API_OBJECT),
    Row("POST", "api/v1/cases/<number>/exhibits/<exhibit>/cover", API_WORK, {"reason": "x"}),
    Row("POST", "api/v1/cases/<number>/redactions/<redaction>/lift", "404 404 404 404 404 401", {"reason": "x"}, {"redaction": "red_x"}),
    Row("POST", "api/v1/cases/<number>/covers", "422 422 422 403 404 401", {"words": "没有这几个字", "reason": "x"}),
    Row("POST", "api/v1/cases/<number>/covers/<ref>/lift", "404 404 404 404 404 401", {"reason": "x"}, {"ref": "cov_x"}),
    Row("GET", "api/v1/cases/<number>/refusal", API_OBJECT),
    Row("POST", "api/v1/cases/<number>/refusal/check", API_OBJECT, {"refuse_reason": "其他", "text": "x"}),
    Row("GET", "api/v1/cases/<number>/refusal/<name>", API_OBJECT, at={"name": "timeline"}),
    Row("POST", "api/v1/imports", "ok ok ok 403 ok 401", {"files": ORDERS}),
    Row("GET", "api/v1/imports/<run>", API_OBJECT),
    Row("GET", "api/v1/screens", API_OWN),
    Row("POST", "api/v1/screens", "ok ok ok 403 ok 401", {"files": SCREEN}),
    Row("GET", "api/v1/screens/<capture>", API_OBJECT),
    Row("GET", "api/v1/screens/<capture>/pictures/<place>/<piece>", API_OBJECT, at={"place": "0", "piece": "0"}),
    Row("POST", "api/v1/screens/<capture>/lines", API_WORK, {"nick": "小鹿"}),
    Row("POST", "api/v1/screens/<capture>/confirm", API_WORK),
    Row("POST", "api/v1/screens/<capture>/drop", API_WORK),
    Row("GET", "api/v1/cards", API_OWN),
    Row("POST", "api/v1/search", API_OWN, {"q": "退款"}),
    Row("GET", "api/v1/cards/balance", API_OWN),
    Row("GET", "api/v1/cards/stock", API_OWN),
    Row("POST", "api/v1/cards/find", "404 404 404 404 404 401", {"code": "K7QM-92XF-LP3D-9999"}),
    Row("GET", "api/v1/cards/<public_id>", API_OBJECT),
    Row("POST", "api/v1/cards/<public_id>/proofs/<proof>", "404 404 403 403 404 401", {"reason": "x"}, {"proof": "x"}, is_durable=True),
    Row("POST", "api/v1/cards/<public_id>/acts/<name>", API_WORK, {"usable": "yes"}, {"name": "check"}),
    Row("GET", "api/v1/deliveries", API_OWN),
    Row("POST", "api/v1/deliveries", "ok ok ok 403 422 401", {"order_no": "WAITING", "kind": KIND_JSON, "quantity": 1}),
    Row("GET", "api/v1/deliveries/kinds", API_OWN),
    Row("POST", "api/v1/deliveries/kinds", "ok ok 403 403 ok 401", {"channel": "xianyu", "item_id": "1", **KIND_JSON}),
    Row("GET", "api/v1/deliveries/<delivery>", API_OBJECT),
    api_give("consent", API_WORK, words="好的"),
    api_give("waive", "ok 403 403 403 404 401", reason="x"),
    api_give("lift", "404 404 403 403 404 401", ref="x", reason="x"),
    api_give("terms", API_WORK),
    api_give("claim", API_LEAD, days=3),
    api_give("unclaim", API_WORK),
    api_give("cancel", API_WORK, reason="x"),
    api_give("confirm", "409 409 409 403 404 401"),
    api_give("settle", "404 404 403 403 404 401", reveal=1, was_seen=True, reason="x"),
    api_give("authorise", "409 409 403 403 404 401", is_durable=True, reason="x"),
    api_give("resend", "409 409 403 403 404 401", is_durable=True, reason="x"),
    Row("GET", "api/v1/deliveries/<goods>/parcel", "ok ok ok ok 404 401", at={"goods": "BOXED"}),
    Row("POST", "api/v1/deliveries/<goods>/parcel/<step>", "422 422 422 403 404 401", {}, {"step": "packed", "goods": "BOXED"}),
    Row("POST", "api/v1/deliveries/<goods>/parcel/take_back", "409 409 403 403 404 401", {}, {"goods": "BOXED"}),
    Row("POST", "api/v1/deliveries/<goods>/parcel/again", "409 409 409 403 404 401", {"kind": "return", "reason": "x"}, {"goods": "BOXED"}),
    Row("POST", "api/v1/deliveries/<goods>/parcel/files/<file>", "404 404 403 403 404 401", {"reason": "x"}, {"goods": "BOXED", "file": "x"}, is_durable=True),
    Row("GET", "api/v1/replacements/<goods>/parcel", "404 404 404 404 404 401", at={"goods": "CARD"}),
    Row("POST", "api/v1/replacements/<goods>/parcel/<step>", "404 404 404 403 404 401", {}, {"step": "packed", "goods": "CARD"}),
    Row("POST", "api/v1/replacements/<goods>/parcel/take_back", "404 404 403 403 404 401", {}, {"goods": "CARD"}),
    Row("POST", "api/v1/replacements/<goods>/parcel/again", "404 404 404 403 404 401", {"kind": "return", "reason": "x"}, {"goods": "CARD"}),
    Row("POST", "api/v1/replacements/<goods>/parcel/files/<file>", "404 404 403 403 404 401", {"reason": "x"}, {"goods": "CARD", "file": "x"}, is_durable=True),
    # Buyers' data: the owner's alone
    Row("GET", "settings/privacy/", SHOP),
    Row("POST", "settings/privacy/find/", OWNER, {"who": INVALID}),
    Row("GET", "settings/privacy/<str:ref>/", OWNER, at={"ref": INVALID}),
    Row("POST", "settings/privacy/<str:ref>/<str:name>/", OWNER, at={"ref": INVALID, "name": "export"}),
    Row("GET", "api/v1/privacy/removals", "ok 403 403 403 ok 401"),
    Row("GET", "api/v1/privacy/grounds", "ok 403 403 403 ok 401"),
    Row("POST", "api/v1/privacy/plan", "ok 403 403 403 404 401", {"who": INVALID}),
    Row("POST", "api/v1/privacy/restrict", "409 403 403 403 404 401", {"who": INVALID, "ground": "buyer_request"}, is_durable=True),
    Row("POST", "api/v1/privacy/lift", "404 403 403 403 404 401", {"who": INVALID, "reason": "x"}, is_durable=True),
    Row("POST", "api/v1/privacy/erase", "409 403 403 403 404 401", {"who": INVALID, "ground": "buyer_request", "confirmation": "x", "stamp": "x"}, is_durable=True),
    Row("POST", "api/v1/privacy/export", "ok 403 403 403 404 401", {"who": INVALID}),
    Row("GET", "api/v1/sourcing/suppliers", API_OWN),
    Row("POST", "api/v1/sourcing/suppliers", "ok ok 403 403 ok 401", {"name": "新货源"}),
    Row("GET", "api/v1/sourcing/suppliers/<supplier>", API_OBJECT),
    Row("POST", "api/v1/sourcing/suppliers/<supplier>/change", API_LEAD, {"note": "x"}),
    Row("POST", "api/v1/sourcing/suppliers/<supplier>/suspend", API_LEAD, {"reason": "x"}),
    Row("POST", "api/v1/sourcing/suppliers/<supplier>/reinstate", "409 403 403 403 404 401", {"reason": "x"}),
    Row("POST", "api/v1/sourcing/lots/<lot>/reinstate", "409 403 403 403 404 401", {"reason": "x"}),
    Row("GET", "api/v1/sourcing/cards/<card>", API_OBJECT, at={"card": "CARD"}),
    Row("POST", "api/v1/sourcing/orders/<order_no>/signals", API_WORK, {"kind": "third_party"}, {"order_no": INVALID}),
    Row("POST", "api/v1/sourcing/claims/<claim>/cards", API_LEAD, {"cards": {"CARD": 1}}),
    Row("GET", "api/v1/sourcing/lots", API_OWN),
    Row("GET", "api/v1/sourcing/lots/<lot>", API_OBJECT),
    Row("POST", "api/v1/sourcing/lots/<lot>/set", API_LEAD, {"paid_by": "cash"}),
    Row("POST", "api/v1/sourcing/lots/<lot>/check", API_WORK),
    Row("POST", "api/v1/sourcing/lots/<lot>/recall", "ok 403 403 403 404 401", {"reason": "x", "on_suspicion": True}),
    Row("POST", "api/v1/sourcing/lots/<lot>/told", "404 404 404 403 404 401", {"order": "x", "how": "x"}),
    Row("POST", "api/v1/sourcing/lots/<lot>/claims", API_LEAD, {"cards": {"CARD": 1}, "reason": "x"}),
    Row("POST", "api/v1/sourcing/papers", API_LEAD, {"kind": "receipt", "lot": "BATCH", "file": PAPER}),
    Row("GET", "api/v1/sourcing/papers/<paper>", API_OBJECT),
    Row("POST", "api/v1/sourcing/papers/<paper>/supersede", API_LEAD, {"reason": "x"}),
    Row("GET", "api/v1/sourcing/flags", API_OWN),
    Row("POST", "api/v1/sourcing/flags/<flag>/decide", "ok 403 403 403 404 401", {"decision": "accept", "reason": "x"}),
    Row("GET", "api/v1/sourcing/flag-groups", API_OWN),
    Row("POST", "api/v1/sourcing/flags/decide", "404 403 403 403 404 401", {"flags": {"flag_x": "0"}, "decision": "clear", "reason": "x"}),
    Row("GET", "api/v1/sourcing/claims", API_OWN),
    Row("POST", "api/v1/sourcing/claims/<claim>/move", API_LEAD, {"event": "send"}),
    Row("POST", "api/v1/sourcing/claims/<claim>/receipt", "409 409 403 403 404 401", {"amount_fen": 1, "received_on": "2026-11-01"}),
    Row("GET", "api/v1/record", API_OWN),
    Row("POST", "api/v1/record/checkpoint", API_OWN, is_durable=True),
    Row("POST", "api/v1/record/rotate-key", "ok 403 403 403 ok 401", {"reason": "x"}, is_durable=True),
    Row("POST", "api/v1/record/continue", "409 403 403 403 409 401", {"reason": "x"}, is_durable=True),
    Row("GET", "api/v1/hours", API_OWN),
    Row("POST", "api/v1/hours", "ok 403 403 403 ok 401", {"week": {"mon": ["09:00-12:00", "13:30-18:00"]}}),
    Row("GET", "api/v1/notices/targets", API_NOTIFY),
    Row("POST", "api/v1/notices/targets", API_NOTIFY, {**TARGET, "name": "另一个", "events": ["margin"]}),
    Row("POST", "api/v1/notices/targets/<target>/test", API_LEAD),
    Row("POST", "api/v1/notices/targets/<target>/remove", API_LEAD),
    Row("GET", "api/v1/anchors", API_OWN),
    Row("GET", "api/v1/anchors/stamps", API_OWN),
    Row("GET", "api/v1/anchors/copy", API_OWN),
    Row("GET", "api/v1/anchors/copies", API_OWN),
    Row("POST", "api/v1/anchors/stamp", API_SHOP),
    Row("POST", "api/v1/anchors/copies", API_SHOP, {"on_claim_page": True, "in_chat": False}),
    Row("POST", "api/v1/anchors/deposits", API_OWN, {"name": "x", "size": 1, "sha256": "0" * 64, "sm3": "0" * 64}),
    Row("GET", "api/v1/advice/calibration", API_INSIGHT),
    Row("GET", "api/v1/advice/overrides", API_INSIGHT),
    Row("GET", "api/v1/advice/numbers", API_INSIGHT),
    Row("POST", "api/v1/triage", API_OWN, {"text": "卡密无效"}),
    Row("POST", "api/v1/verify", API_OWN, {"pack": NO_PACK}),
    # One's own account (allauth)
    Row("GET", "account/login/", TO_DOOR),
    Row("GET", "account/logout/", "ok ok ok ok ok 302"),
    Row("GET", "account/inactive/", OPEN),
    Row("GET", "account/signup/", "302 302 302 302 302 ok"),  # says that it is closed
    Row("GET", "account/reauthenticate/", ALL),
    Row("GET", "account/email/", "302 302 302 302 302 302"),
    Row("GET", "account/confirm-email/", OPEN),
    Row("GET", "account/password/change/", ALL),
    Row("GET", "account/password/set/", "302 302 302 302 302 login"),
    Row("GET", "account/password/reset/", OPEN),
    Row("GET", "account/login/code/confirm/", "302 302 302 302 302 302"),
    Row("GET", r"account/^confirm-email/(?P<key>[-:\w]+)/$", OPEN, at={"key": "x"}),
    Row("GET", "account/password/reset/key/done/", OPEN),
    Row("GET", "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", OPEN, at={"uidb36": "1", "key": "x"}),
    Row("GET", "account/password/reset/done/", OPEN),
    Row("GET", "account/2fa/", ALL),
    Row("GET", "account/2fa/authenticate/", "302 302 302 302 302 302"),
    Row("GET", "account/2fa/reauthenticate/", ALL),
    Row("GET", "account/2fa/totp/activate/", ALL),
    Row("GET", "account/2fa/totp/deactivate/", NONE),
    Row("GET", "account/2fa/recovery-codes/", NONE),
    Row("GET", "account/2fa/recovery-codes/generate/", ALL),
    Row("GET", "account/2fa/recovery-codes/download/", NONE),
    Row("GET", "account/2fa/webauthn/", ALL),
    Row("GET", "account/2fa/webauthn/add/", ALL),
    Row("GET", "account/2fa/webauthn/reauthenticate/", ALL),
    Row("GET", "account/2fa/webauthn/keys/<int:pk>/remove/", ALL, at={"pk": "1"}),
    Row("GET", "account/2fa/webauthn/keys/<int:pk>/edit/", ALL, at={"pk": "1"}),
    Row("GET", "account/2fa/webauthn/login/", OPEN),
    Row("GET", "account/sessions/", ALL),
)  # fmt: skip
