"""Adding, changing, trying and removing targets. The record keeps that it happened, never the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.kit import ids
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.notices import queries, sealing
from cardcase.notices.models import Notice, NoticeTarget
from cardcase.notices.queries import TargetView
from cardcase.notices.rules import Event, Scope, TargetKind, read_address, read_spans
from cardcase.notices.rules.alarms import CHOICES, DEFAULT_EVENTS
from cardcase.staff.rules import Actor, Permission

MOST_TARGETS = 50
LANGUAGES = ("zh-hans", "en")


@dataclass(frozen=True, slots=True)
class TargetWish:
    """What a target is to be told, when, and in which words."""

    name: str
    events: Sequence[str] = tuple(event.value for event in DEFAULT_EVENTS)
    scope: str = Scope.OURS.value
    quiet: str = ""
    language: str = ""
    shows_nick: bool = False


@transaction.atomic
def add_target(
    actor: Actor, kind: str, wish: TargetWish, *, address: str, secret: str = "", at: datetime
) -> TargetView:
    """Add a place that takes notices; its address is sealed at once. Raises WrongUse, Refused for a name in use."""
    actor.require(Permission.NOTIFY)
    if kind not in set(TargetKind):
        raise _unknown("种类", "kind", kind)
    read = read_address(TargetKind(kind), address, secret, allow_private=queries.may_go_private())
    values = _values(wish)
    if NoticeTarget.objects.visible_to(actor).count() >= MOST_TARGETS:
        raise Refused(
            f"一家店最多 {MOST_TARGETS} 个通知目标",
            f"A shop has {MOST_TARGETS} targets at most",
            code="too_many_targets",
        )
    public_id = ids.public_id("target")
    row = NoticeTarget(
        shop_id=actor.shop_id,
        public_id=public_id,
        kind=kind,
        address_sealed=sealing.seal(actor.shop_id, public_id, read),
        hint=read.hint[:120],
        created_at=at,
        **values,
    )
    _save(row, is_new=True)
    facts: dict[str, custody.JSON] = {"kind": kind, "scope": row.scope, "quiet": row.quiet}
    custody.append(actor, custody.Record("notice.target_added", public_id, at, facts))
    return queries.view_of(row)


@transaction.atomic
def change_target(
    actor: Actor, public_id: str, wish: TargetWish, *, address: str = "", secret: str = "", at: datetime
) -> TargetView:
    """Change what a target is told; a new address replaces the old one, an empty one keeps it. Raises NotFound."""
    row = queries.row_of(actor, public_id)
    if secret.strip() and not address.strip():
        raise WrongUse(
            "密钥要和地址一起改",
            "A secret is changed together with its address",
            next=Text("把地址再粘贴一次。", "Paste the address again."),
            code="bad_target_address",
        )
    for name, value in _values(wish).items():
        setattr(row, name, value)
    if address.strip():
        read = read_address(TargetKind(row.kind), address, secret, allow_private=queries.may_go_private())
        row.address_sealed, row.hint = sealing.seal(row.shop_id, row.public_id, read), read.hint[:120]
        row.failures = 0
    _save(row, is_new=False)
    facts: dict[str, custody.JSON] = {"scope": row.scope, "quiet": row.quiet, "has_new_address": bool(address.strip())}
    custody.append(actor, custody.Record("notice.target_changed", public_id, at, facts))
    return queries.view_of(row)


@transaction.atomic
def set_enabled(actor: Actor, public_id: str, *, is_enabled: bool, at: datetime) -> TargetView:
    """Switch a target on or off; on again it starts with a clean slate. Raises NotFound."""
    row = queries.row_of(actor, public_id)
    row.is_enabled, row.failures, row.was_disabled_by_us = is_enabled, 0, False
    row.save(update_fields=["is_enabled", "failures", "was_disabled_by_us"])
    verb = "notice.target_enabled" if is_enabled else "notice.target_disabled"
    custody.append(actor, custody.Record(verb, public_id, at, {"by": "person"}))
    return queries.view_of(row)


@transaction.atomic
def remove_target(actor: Actor, public_id: str, *, at: datetime) -> None:
    """Remove a target with its sealed address and what was planned for it. Raises NotFound."""
    row = queries.row_of(actor, public_id)
    kind = row.kind
    row.delete()
    custody.append(actor, custody.Record("notice.target_removed", public_id, at, {"kind": kind}))


@transaction.atomic
def try_target(actor: Actor, public_id: str, *, at: datetime) -> int:
    """Promise a test notice to a target, quiet or not, and return its key. Raises NotFound."""
    notice_id = trial(actor, public_id, at=at)
    jobs.enqueue(actor, "notice.send", {"notice": notice_id}, at=at, key=str(notice_id), queue="notices")
    return notice_id


def trial(actor: Actor, public_id: str, *, at: datetime) -> int:
    """Write the row of a test notice that nobody has promised to send, and return its key. Raises NotFound."""
    row = queries.row_of(actor, public_id)
    notice = Notice.objects.create(
        shop_id=row.shop_id,
        target=row,
        key=ids.public_id("test"),
        event=Event.TEST.value,
        send_at=at,
        created_at=at,
    )
    return int(notice.pk)


def _values(wish: TargetWish) -> dict[str, object]:
    name = " ".join(wish.name.split())
    if not name or not name.isprintable():
        raise WrongUse("通知目标要有名字", "A target needs a name", code="target_unnamed")
    chosen = set(wish.events)
    if not chosen or chosen - {event.value for event in CHOICES}:
        raise _unknown("提醒", "alarm", ", ".join(sorted(chosen - {event.value for event in CHOICES})))
    if wish.scope not in set(Scope):
        raise _unknown("范围", "scope", wish.scope)
    language = wish.language or queries.default_language()
    if language not in LANGUAGES:
        raise _unknown("语言", "language", language)
    return {
        "name": name[:80],
        "events": [event.value for event in CHOICES if event.value in chosen],
        "scope": wish.scope,
        "quiet": ",".join(map(str, read_spans(wish.quiet))),
        "language": language,
        "shows_nick": wish.shows_nick,
    }


def _save(row: NoticeTarget, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=is_new)
    except IntegrityError as error:
        raise Refused(
            f"已经有叫“{row.name}”的通知目标", f"There is a target named {row.name}", code="target_name_taken"
        ) from error


def _unknown(zh: str, en: str, value: str) -> WrongUse:
    return WrongUse(
        f"没有这种{zh}：{value[:40]}",
        f"There is no such {en}: {value[:40]}",
        next=Text("可选的见手册“通知”。", "See the handbook, Notices."),
        code="unknown_notice_choice",
    )
