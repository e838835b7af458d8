"""Exhibits of a report, and what the evidence matrix says of the buyer's claim: held, missing, contradicting."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from cardcase.cases.models import Case
from cardcase.evidence import dkim
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules import PARTY_TITLES
from cardcase.kit.money import yuan
from cardcase.packs.rules.dossier import Covered, Exhibit, Need, Row, Said
from cardcase.packs.rules.wording import moment
from cardcase.remedies import queries as remedies
from cardcase.remedies.rules import RemedyFacts
from cardcase.staff.rules import Actor

_FACTS: Final = {
    "order_no": "订单号", "tail4": "卡尾号", "amount_fen": "金额", "face_fen": "面值", "balance_fen": "余额",
    "at": "时间", "region": "地区", "brand": "品牌", "redeemed_at": "兑换时间", "redeemed_on": "兑换日期",
    "is_redeemed": "已兑换", "is_usable": "可用", "matches_listing": "与商品页一致", "clock_source": "时间出自",
    "account": "账号", "account_region": "账号地区", "nonce": "口令", "ticket_no": "工单号", "ticket_on": "工单日期",
    "refund_no": "退款单号", "waybill_no": "运单号", "batch": "批次", "expires_on": "有效期至", "answer": "答复",
    "mail_from": "发件人（未核实）", "mail_subject": "邮件主题", "mail_id": "邮件编号",
    "spoken_how": "方式", "said": "所说内容", "agreed": "约定", "witness": "在场的人",
}  # fmt: skip
"""Names of the facts of exhibits (``evidence.rules.exhibits.FACTS``); an unlisted one is shown by its own name."""

_STATES: Final = {"have": "已有", "ask": "待取得", "missing": "没有", "contradicts": "有矛盾"}
"""How the checklist's states are said to a stranger."""


def exhibit(actor: Actor, case: Case, row: Any, shown: evidence.ShownFile | None) -> Exhibit:
    """Tell one exhibit: what it shows, who added it, when and how."""
    known = evidence.matrix(actor).kinds.get(row.kind)
    facts = (
        *(
            Row(_FACTS.get(name, name), _fact(name, value))
            for name, value in row.facts.items()
            if value not in ("", None)
        ),
        *((Row("DKIM 签名", dkim.TITLES[dkim.Signed(row.dkim)].zh),) if row.dkim else ()),
    )
    return Exhibit(
        public_id=row.public_id,
        kind=row.kind,
        title=Said(row.title or (known.title.zh if known else row.kind)),
        party=PARTY_TITLES[row.party].zh if row.party in PARTY_TITLES else row.party,
        facts=facts,
        captured_at=row.captured_at,
        captured_by=Said(row.captured_by),
        how=Said(_how(row)),
        sha256=row.file_sha256,
        mime=row.file_mime,
        is_against_seller=row.is_against_seller,
        is_set_aside=row.set_aside_at is not None,
        set_aside_reason=Said(row.set_aside_reason),
        event_at=row.event_at,
        shown_sha256=shown.sha256 if shown else "",
        shown_mime=shown.mime if shown else "",
        covered=_covered(shown.redaction) if shown else None,
        is_sealed=row.body_sealed is not None and not (shown and shown.redaction),
        file_name=Said(row.source_file),
        weight=(known.weight_for(case.sub_reason) or "") if known else "",
    )


def _covered(made: Any) -> Covered | None:
    if made is None:
        return None
    return Covered(len(made.areas), Said(made.reason), Said(made.by), made.at)


def _how(row: Any) -> str:
    if not row.file_sha256:
        return "人工登记，没有文件"
    return f"人工上传文件「{row.source_file}」" if row.source_file else "人工上传文件"


def judged(actor: Actor, case: Case, *, at: datetime) -> RemedyFacts:
    """Judge the evidence of a case as its page and its refusal do."""
    return remedies.remedy_facts(actor, case, at=at)


def needs(facts: RemedyFacts) -> tuple[Need, ...]:
    """Tell the checklist of the matrix for the buyer's claim."""
    hide = _own_concern(facts)
    return tuple(
        Need(
            kind=one.kind,
            title=one.title.zh,
            weight=one.weight.value,
            state=one.state.value,
            state_title=_STATES[one.state.value],
            why=Said(hide(one.why.zh)),
            exhibits=one.exhibits,
            is_against_seller=one.is_against_seller,
        )
        for one in facts.items
    )


def clashes(facts: RemedyFacts) -> tuple[str, ...]:
    """Tell everything on file that does not fit together."""
    hide = _own_concern(facts)
    return tuple(dict.fromkeys(Said(hide(one.text.zh)) for one in facts.findings.contradictions))


def gaps(facts: RemedyFacts) -> tuple[str, ...]:
    """Tell which kinds that bear on the claim directly are not on file."""
    lacking = [one for one in facts.items if one.weight.is_decisive and one.state.value in ("ask", "missing")]
    hide = _own_concern(facts)
    return tuple(Said(f"{one.title.zh}：{hide(one.why.zh)}") for one in lacking)


def _own_concern(facts: RemedyFacts) -> Callable[[str], str]:
    """Return what takes the names of suppliers and batches out of a sentence: they concern only the shop."""
    pairs = [
        *((card.supplier_name, "货源方") for card in facts.case.cards),
        *((card.batch_name, "（批次名略）") for card in facts.case.cards),
    ]
    named = sorted({pair for pair in pairs if pair[0]}, key=lambda pair: -len(pair[0]))

    def hide(text: str) -> str:
        for name, stand_in in named:
            text = text.replace(name, stand_in)
        return text

    return hide


def _fact(name: str, value: object) -> str:
    if name.endswith("_fen") and type(value) is int:
        return yuan(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str) and name.endswith("at"):
        try:
            return moment(datetime.fromisoformat(value))
        except ValueError:
            return Said(value)
    return Said(value) if isinstance(value, str) else str(value)
