"""Verbs of evidence: add an exhibit, set one aside, ask for something, note how a request ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts
from cardcase.custody import files
from cardcase.custody import service as custody
from cardcase.deadlines import queries as deadlines
from cardcase.kit import clock, ids
from cardcase.kit.errors import Conflict, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import queries, rules
from .models import EvidenceRequest, Exhibit
from .rules.exhibits import FREE_TEXT, RECORDING

__all__ = ["add_exhibit", "ask", "carry_over", "expire", "expire_overdue", "fulfil", "refuse", "set_aside"]

WANTED: Final = timedelta(hours=12)
"""Time given to somebody who is asked, when the platform's clock leaves as much. Judgement."""

LEAST: Final = timedelta(minutes=30)
"""Less time than this is no time to ask for anything. Judgement; the margin of deadlines is the same."""

TITLE_MAX: Final = 200
NOTE_MAX: Final = 300


@transaction.atomic
def add_exhibit(  # noqa: PLR0917 - the order of the form: what, called what, showing what
    actor: Actor,
    number: str,
    kind: str,
    title: str,
    data: bytes | None,
    mime: str = "",
    facts: Mapping[str, Any] | None = None,
    *,
    at: datetime,
    party: str = "",
    event_at: datetime | None = None,
    is_against_seller: bool = False,
    source_file: str = "",
) -> Exhibit:
    """Keep one exhibit of a case, with what it shows as structured facts. Works on closed cases too: a duty to keep.

    ``mime`` is only checked against what the bytes say. Card codes in words are masked; a known code where a number
    belongs is refused. Raises NotAllowed, NotFound, WrongUse for an unknown kind or party, BadFact, BadFile.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    matrix = queries.matrix(actor)
    known = matrix.kinds.get(kind)
    if known is None:
        raise WrongUse(
            f"没有这种证据：{kind}",
            f"There is no kind of evidence called {kind}",
            next=Text(f"可用的有 {'、'.join(matrix.kinds)}。", f"Known kinds: {', '.join(matrix.kinds)}."),
        )
    holder = party or known.party
    if holder not in rules.PARTY_TITLES:
        raise WrongUse(f"没有这一方：{holder}", f"There is no such party: {holder}")
    if data is None and not facts:
        raise WrongUse("证据要有文件或事实", "An exhibit needs a file or facts")
    found = rules.file_kind(data) if data is not None else ""
    if data is not None and mime and mime not in (found, "application/octet-stream"):
        raise rules.BadFile(f"文件其实是 {found}，不是 {mime}", f"The file is {found}, not {mime}")
    shown, clean = _masked(actor, title.strip() or known.title.zh, rules.check_facts(facts or {}))
    sha256 = files.keep(data) if data is not None else ""
    exhibit = Exhibit.objects.create(
        shop_id=actor.shop_id,
        public_id=ids.public_id("ev"),
        case=case,
        kind=kind,
        title=shown[:TITLE_MAX],
        party=holder,
        file_sha256=sha256,
        file_mime=found,
        captured_at=at,
        captured_by=actor.label or actor.kind.value,
        event_at=event_at or rules.moment_of(clean, "at"),
        facts=clean,
        is_against_seller=is_against_seller,
        source_file=source_file[:255],
        source_sha256=sha256,
    )
    contents = [custody.Content(f"exhibit/{exhibit.public_id}", data, found, keep=False)] if data is not None else []
    custody.append(
        actor,
        custody.Record(
            "evidence.added",
            case.public_id,
            at,
            {
                "exhibit": exhibit.public_id,
                "kind": kind,
                "title": exhibit.title,
                "party": holder,
                "facts": clean,
                "file_sha256": sha256,
                "mime": found,
                "is_against_seller": is_against_seller,
            },
            contents,
        ),
    )
    return exhibit


@transaction.atomic
def carry_over(actor: Actor, number: str, to: str, *, at: datetime) -> list[Exhibit]:
    """Give a case the exhibits of one that ended as the same matter: copies, so that both histories stay whole.

    Those set aside stay behind. Raises NotAllowed, NotFound.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, to)
    copies = []
    for row in queries.exhibits(actor, case_queries.by_number(actor, number)):
        if row.set_aside_at is not None:
            continue
        was = row.public_id
        row.pk, row._state.adding = None, True  # noqa: SLF001 - Django's documented way to copy a row
        row.public_id, row.case = ids.public_id("ev"), case
        row.save(force_insert=True)
        contents = []
        if row.file_sha256:
            data = files.read(row.file_sha256)
            contents = [custody.Content(f"exhibit/{row.public_id}", data, row.file_mime, keep=False)]
        told: dict[str, custody.JSON] = {
            "exhibit": row.public_id,
            "copy_of": was,
            "kind": row.kind,
            "title": row.title,
            "party": row.party,
            "facts": row.facts,
            "file_sha256": row.file_sha256,
            "mime": row.file_mime,
            "is_against_seller": row.is_against_seller,
        }
        custody.append(actor, custody.Record("evidence.added", case.public_id, at, told, contents))
        copies.append(row)
    return copies


@transaction.atomic
def set_aside(actor: Actor, exhibit_id: str, reason: str, *, at: datetime) -> Exhibit:
    """Take an exhibit out of the reckoning, with a reason: added by mistake, or cleared up. It stays on file.

    Raises Refused for one that speaks against the shop: that is kept and counted. NotAllowed, NotFound, WrongUse.
    """
    actor.require(Permission.DECIDE)
    exhibit = queries.exhibit(actor, exhibit_id)
    said = _said(actor, reason)
    if not said:
        raise WrongUse("要写明搁置的理由", "Say why it is set aside")
    if exhibit.is_against_seller:
        raise Refused(
            "对店铺不利的证据要保留，不能搁置",
            "Evidence against the shop is kept and counted",
            code="evidence_against_stays",
        )
    mine = Exhibit.objects.visible_to(actor).filter(pk=exhibit.pk, set_aside_at=None)
    if mine.update(set_aside_at=at, set_aside_reason=said):
        exhibit.set_aside_at, exhibit.set_aside_reason = at, said
        _record(actor, exhibit.case, "evidence.set_aside", at, exhibit=exhibit.public_id, reason=said)
    return exhibit


@transaction.atomic
def ask(
    actor: Actor,
    number: str,
    kinds: Sequence[str],
    to: str,
    *,
    revision: int,
    at: datetime,
    due_at: datetime | None = None,
) -> EvidenceRequest:
    """Ask somebody for evidence (T3). A recording gets a fresh word that it must show.

    The answer is due before the platform's margin: asking never stops that clock. Asking the issuer or supplier does
    not hand the case to the buyer, so it makes no move. Raises Conflict, NoTimeToAsk, WrongUse, the refusals of T3.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    if revision != case.revision:
        raise Conflict("这一单刚刚变了，没有发出请求", "The case has just changed; nothing was asked")
    wanted = _wanted(actor, kinds, to)
    margin = min(
        (one.margin_at for one in deadlines.armed(actor, [case.public_id])[case.public_id] if one.is_platform_bound),
        default=None,
    )
    due = rules.request_due(at, platform_margin_at=margin, wanted=(due_at - at) if due_at else WANTED, least=LEAST)
    request = EvidenceRequest.objects.create(
        shop_id=actor.shop_id,
        public_id=ids.public_id("req"),
        case=case,
        to=to,
        kinds=list(wanted),
        nonce=rules.make_nonce() if RECORDING in wanted else "",
        due_at=due,
        asked_at=at,
        asked_by=actor.label or actor.kind.value,
    )
    told: dict[str, custody.JSON] = {
        "request": request.public_id,
        "to": to,
        "kinds": list(wanted),
        "due_at": clock.iso(due),
        "nonce": request.nonce,
    }
    if to == "buyer":
        facts = GuardFacts(asked_kinds=wanted, request_due_at=due)
        cases.advance(actor, number, Event.EVIDENCE_ASKED, facts=facts, revision=revision, details=told, at=at)
    else:
        _refuse_while_over(case)
    _record(actor, case, "evidence.asked", at, **told)
    return request


def fulfil(actor: Actor, request_id: str, *, at: datetime, note: str = "") -> EvidenceRequest:
    """Note that what was asked for has come. The exhibits themselves are added by ``add_exhibit``."""
    return _settle(actor, request_id, "fulfilled", note, at=at)


def refuse(actor: Actor, request_id: str, *, at: datetime, note: str = "") -> EvidenceRequest:
    """Note that whoever was asked will not give it."""
    return _settle(actor, request_id, "refused", note, at=at)


def expire(actor: Actor, request_id: str, *, at: datetime) -> EvidenceRequest:
    """Note that a request's time is up. Raises Refused while it is not."""
    request = queries.request(actor, request_id)
    if request.state == "open" and request.due_at > at:
        raise Refused("还没有到期", "Its time is not up yet", code="request_not_due")
    return _settle(actor, request_id, "expired", "", at=at)


def expire_overdue(actor: Actor, *, at: datetime) -> list[EvidenceRequest]:
    """Note all requests whose time is up. Safe to run again and by two machines at once."""
    return [_settle(actor, one.public_id, "expired", "", at=at) for one in queries.overdue_requests(actor, at=at)]


@transaction.atomic
def _settle(actor: Actor, request_id: str, state: str, note: str, *, at: datetime) -> EvidenceRequest:
    actor.require(Permission.WORK)
    request = queries.request(actor, request_id)
    said = _said(actor, note)
    mine = EvidenceRequest.objects.visible_to(actor).filter(pk=request.pk, state="open")
    if mine.update(state=state, settled_at=at, settled_note=said):
        _record(actor, request.case, f"evidence.request_{state}", at, request=request.public_id, note=said)
    else:
        request.refresh_from_db()
        if request.state != state:
            raise Conflict(f"这个请求已经是“{request.state}”", f"This request has already ended as {request.state}")
        return request
    request.state, request.settled_at, request.settled_note = state, at, said
    return request


def _wanted(actor: Actor, kinds: Sequence[str], to: str) -> tuple[str, ...]:
    matrix = queries.matrix(actor)
    wanted = tuple(dict.fromkeys(kinds))
    unknown = [kind for kind in wanted if kind not in matrix.kinds]
    if not wanted or unknown:
        raise WrongUse(
            f"要什么证据没有写对：{'、'.join(unknown) or '空'}",
            f"What is asked for is not known: {', '.join(unknown) or 'nothing'}",
        )
    if to not in ("buyer", "supplier", "issuer", "platform", "carrier"):
        raise WrongUse(f"不能向“{to}”要证据", f"Evidence cannot be asked of {to!r}")
    return wanted


def _refuse_while_over(case: Case) -> None:
    if not case.is_open:
        raise Refused("这一单已经结束", "This case is over", code="case_is_over")


def _masked(actor: Actor, title: str, facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Mask card codes in what people wrote. A known code in a field for numbers is refused, not silently changed."""
    words = {key: value for key, value in facts.items() if isinstance(value, str)}
    masked = masking.mask_texts(actor, [title, *words.values()])
    for (key, value), found in zip(words.items(), masked[1:], strict=True):
        if key in FREE_TEXT:
            facts[key] = found.text
        elif found.card_ids and found.text != value:
            raise rules.BadFact(
                f"“{key}”里像是填了卡密，请改填尾号或编号",
                f"The fact {key!r} seems to hold a card code; give the tail or the number instead",
                key=key,
            )
    return masked[0].text, facts


def _said(actor: Actor, text: str) -> str:
    [masked] = masking.mask_texts(actor, [text.strip()])
    return masked.text[:NOTE_MAX]


def _record(actor: Actor, case: Case, entry: str, at: datetime, /, **facts: custody.JSON) -> None:
    custody.append(actor, custody.Record(entry, case.public_id, at, facts))
