"""Exhibits: add one, copy them to the case that goes on, set one aside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cases import queries as case_queries
from cardcase.custody import service as custody
from cardcase.evidence import queries, rules
from cardcase.evidence.models import Exhibit
from cardcase.evidence.rules import mail
from cardcase.evidence.rules.exhibits import FREE_TEXT
from cardcase.kit import ids
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import mails
from .answers import carry_answers
from .covering import carry_redaction
from .entries import masked, record
from .requests import follow

TITLE_MAX: Final = 200


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
    has_code: bool = False,
) -> Exhibit:
    """Keep one exhibit of a case, with what it shows as structured facts. Works on closed cases too: a duty to keep.

    ``mime`` is only checked against what the bytes say. ``has_code``: a card code was seen on it; it lies under seal.
    Card codes in words are masked; a known code where a number belongs is refused. Raises NotAllowed,
    NotFound, WrongUse for an unknown kind or party, BadFact, BadFile.
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
    read = mail.read_mail(data) if data is not None and found == mail.MIME else None
    told = {**(mail.facts_of(read) if read else {}), **(facts or {})}  # what a person says of it goes before
    shown, clean = _masked(actor, title.strip() or known.title.zh, rules.check_facts(told))
    public_id = ids.public_id("ev")
    kept = mails.keep(actor, public_id, data, read, has_code=has_code) if data is not None else {"file_sha256": ""}
    exhibit = Exhibit.objects.create(
        shop_id=actor.shop_id,
        public_id=public_id,
        dkim=mails.PENDING if read else "",
        case=case,
        kind=kind,
        title=shown[:TITLE_MAX],
        party=holder,
        **kept,
        file_mime=found,
        captured_at=at,
        captured_by=actor.label or actor.kind.value,
        event_at=event_at or rules.moment_of(clean, "at"),
        facts=clean,
        is_against_seller=is_against_seller,
        source_file=source_file[:255],
        source_sha256=kept["file_sha256"],
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
                "file_sha256": exhibit.file_sha256,
                "mime": found,
                "is_against_seller": is_against_seller,
            },
            contents,
        ),
    )
    if read is not None:
        mails.promise_check(actor, exhibit, at=at)
    follow(actor, case, at=at)
    return exhibit


@transaction.atomic
def carry_over(actor: Actor, number: str, to: str, *, at: datetime) -> list[Exhibit]:
    """Give a case the exhibits and the buyer's answers of one that ended as the same matter: copies.

    So both histories stay whole. Exhibits set aside stay behind. Raises NotAllowed, NotFound.
    """
    actor.require(Permission.WORK)
    case, ended = case_queries.by_number(actor, to), case_queries.by_number(actor, number)
    carry_answers(actor, ended, case, at=at)
    copies = []
    covered = queries.copies_at_hand(actor, ended)
    for row in queries.exhibits(actor, ended):
        if row.set_aside_at is not None:
            continue
        was, was_row = row.public_id, row.pk
        row.pk, row._state.adding = None, True  # noqa: SLF001 - Django's documented way to copy a row
        data = mails.original(row) if row.file_sha256 else None
        row.public_id, row.case = ids.public_id("ev"), case
        if data is not None and row.body_sealed is not None:
            row.body_sealed = mails.seal(row.shop_id, row.public_id, data)
        row.save(force_insert=True)
        contents = []
        if data is not None:
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
        carry_redaction(actor, covered.get(was_row), row, at=at)
        copies.append(row)
    follow(actor, case, at=at)
    return copies


@transaction.atomic
def set_aside(actor: Actor, exhibit_id: str, reason: str, *, at: datetime) -> Exhibit:
    """Take an exhibit out of the reckoning, with a reason: added by mistake, or cleared up. It stays on file.

    Raises Refused for one that speaks against the shop: that is kept and counted. NotAllowed, NotFound, WrongUse.
    """
    actor.require(Permission.DECIDE)
    exhibit = queries.exhibit(actor, exhibit_id)
    said = masked(actor, reason)
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
        record(actor, exhibit.case, "evidence.set_aside", at, exhibit=exhibit.public_id, reason=said)
    return exhibit


def _masked(actor: Actor, title: str, facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Mask card codes in what people wrote. A known code in a field for numbers is refused, not silently changed."""
    words = {key: value for key, value in facts.items() if isinstance(value, str)}
    found_in = masking.mask_texts(actor, [title, *words.values()])
    for (key, value), found in zip(words.items(), found_in[1:], strict=True):
        if key in FREE_TEXT:
            facts[key] = found.text
        elif found.card_ids and found.text != value:
            raise rules.BadFact(
                f"“{key}”里像是填了卡密，请改填尾号或编号",
                f"The fact {key!r} seems to hold a card code; give the tail or the number instead",
                key=key,
            )
    return found_in[0].text, facts
