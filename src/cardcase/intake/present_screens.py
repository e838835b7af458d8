"""Finished sentences for the pages of screenshots."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from cardcase.intake import pages_screens as pages
from cardcase.intake.pages import Progress
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.screens import covered, limits, queries, service
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import drafts, lines
from cardcase.screens.rules.log import Kind
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind, Link, Notice, Pager, Tone

PART: Final = 60
"""Entries on one page: with six fields each they stay below ``DATA_UPLOAD_MAX_NUMBER_FIELDS``."""
ACCEPTED: Final = "image/png,image/jpeg,image/webp"


def speakers() -> dict[str, str]:
    """Name whose words an entry may hold."""
    return {
        lines.SELLER: _("我（卖家）"),
        lines.BUYER: _("买家"),
        lines.PLATFORM: _("平台"),
        lines.UNCLEAR: _("看不出"),
    }


def phones(taken_by: str) -> tuple[Choice, ...]:
    """Offer whose phone the pictures are from."""
    named = ((lines.SELLER, _("店铺的手机")), (lines.BUYER, _("买家的手机")))
    return tuple(Choice(value, label, is_chosen=value == taken_by) for value, label in named)


def upload(
    *, case: str = "", taken_by: str = "", taken_on: str = "", nick: str = "", is_folded: bool = False
) -> ActionForm:
    """Return the form that takes pictures; on the page of a case it knows the case and lies folded."""
    own: tuple[Input, ...] = (
        Input("nick", _("买家昵称"), value=nick, max_length=120, help=_("不填就看图片顶上的名字。")),
        Input("case", _("属于哪张售后单"), value=case, max_length=40, placeholder="AS-2026-000001"),
    )
    return ActionForm(
        url=reverse("screens"),
        button=_("上传并识别"),
        inputs=(
            Input(
                "files",
                _("聊天截图"),
                InputKind.FILE,
                is_required=True,
                accept=ACCEPTED,
                takes_paste=True,
                help=_("按顺序选几张；在电脑上也可以直接粘贴（Ctrl+V）。在本机识别，不上传到别处。"),
            ),
            Input("taken_by", _("谁的手机截的"), InputKind.SELECT, choices=phones(taken_by or lines.SELLER)),
            Input(
                "taken_on",
                _("哪天截的"),
                InputKind.DAY,
                value=taken_on,
                help=_("“昨天”“星期三”要靠它算；不知道就空着。"),
            ),
            *(() if is_folded else own),
        ),
        hidden=(("case", case),) if is_folded else (),
        opens=_("上传聊天截图") if is_folded else "",
        has_files=True,
        is_main=not is_folded,
    )


def screens(
    waiting: Sequence[tuple[Capture, int]], *, now: datetime, form: ActionForm | None, problem: Problem | None
) -> pages.ScreensPage:
    """Build the page that takes pictures and lists what waits."""
    return pages.ScreensPage(
        form=form,
        limits=_("PNG、JPEG、WEBP，每张 %(size)d MB 以内，一次最多 %(most)d 张，一共 64 MB。")
        % {"size": limits.MOST_BYTES // limits.MEGABYTE, "most": limits.MOST_PICTURES},
        notices=_refused(problem),
        waiting=tuple(_waiting(row, count, now) for row, count in waiting),
    )


def _waiting(row: Capture, count: int, now: datetime) -> pages.WaitingRow:
    about = " · ".join(filter(None, (row.case.number if row.case else "", row.nick))) or _("还不知道是谁的会话")
    return pages.WaitingRow(
        url=reverse("capture", args=[row.public_id]),
        head=_("%(about)s · %(count)d 张") % {"about": about, "count": count},
        text=f"{state_text(row.state)} · {timing.moment_text(row.captured_at, now=now)}",
    )


def state_text(state: str) -> str:
    """Name the state of a capture."""
    return {
        queries.READING: _("正在识别"),
        queries.WAITING: _("待核对"),
        queries.CONFIRMED: _("已收下"),
        queries.DROPPED: _("已放弃"),
        queries.FAILED: _("没有读成"),
    }[state]


def _refused(problem: Problem | None) -> tuple[Notice, ...]:
    return (Notice(Tone.BAD, say(problem.message), say(problem.next)),) if problem else ()


def capture(
    row: Capture,
    pictures: Sequence[CapturedPicture],
    *,
    now: datetime,
    may_edit: bool,
    part: int = 1,
    found: Sequence[str] = (),
    problem: Problem | None = None,
    typed: Mapping[int, Mapping[str, Any]] | None = None,
    typed_about: Mapping[str, str] | None = None,
) -> pages.CapturePage:
    """Build the page of a capture. After a refusal ``typed`` and ``typed_about`` keep the person's words."""
    url = reverse("capture", args=[row.public_id])
    back = (
        Link(_("返回售后单"), reverse("case", args=[row.case.number]))
        if row.case
        else Link(_("返回截图"), reverse("screens"))
    )
    is_waiting = row.state == queries.WAITING
    title = state_text(row.state)
    if not is_waiting:
        return pages.CapturePage(
            title=title,
            url=url,
            back=back,
            summary=row.nick,
            notices=(*_refused(problem), *_ended(row)),
            progress=_progress(row, len(pictures), url) if row.state == queries.READING else None,
            can_drop=may_edit and row.state == queries.READING,
            links=_after(row),
        )
    rows = drafts.rows_of(row.read, _over(row.draft, typed or {}, len(row.read)), row.places)
    parts = max(1, -(-len(rows) // PART))
    part = min(max(part, 1), parts)
    mine = rows[(part - 1) * PART : part * PART]
    kept = sum(one.is_kept for one in rows)
    nothing = (
        () if rows else (Notice(Tone.WARN, _("没有认出一条消息。"), _("换清楚的原图再传，或者把聊天文字粘贴进来。")),)
    )
    return pages.CapturePage(
        title=title,
        url=url,
        back=back,
        summary=_("%(count)d 条，%(pictures)d 张图") % {"count": len(rows), "pictures": len(pictures)},
        notices=(*_refused(problem), *nothing, *(Notice(Tone.WARN, say(text)) for text in service.warnings(row.notes))),
        pictures=tuple(_pictures(row, pictures, rows, mine, now)),
        about=_about(row, found, typed_about or {}),
        can_edit=may_edit and bool(rows),
        can_drop=may_edit,
        is_last=part == parts,
        first=mine[0].number if mine else 0,
        last=mine[-1].number if mine else -1,
        part=part,
        pager=Pager(
            _("第 %(part)d / %(parts)d 部分") % {"part": part, "parts": parts},
            f"{url}?part={part - 1}" if part > 1 else "",
            f"{url}?part={part + 1}" if part < parts else "",
        )
        if parts > 1
        else None,
        confirm=_("确认收下（%d 条）") % kept,
    )


def _over(
    draft: Sequence[Mapping[str, Any]], typed: Mapping[int, Mapping[str, Any]], count: int
) -> list[dict[str, Any]]:
    """Lay what was just typed, and refused, over what was kept before."""
    return [{**(draft[number] if number < len(draft) else {}), **typed.get(number, {})} for number in range(count)]


def _progress(row: Capture, total: int, url: str) -> Progress:
    if row.done:
        text = _("已识别 %(done)d / %(total)d 张。可以离开这一页，不会中断。") % {"done": row.done, "total": total}
    else:
        text = _("已经排上，共 %d 张，每张大约几秒。可以离开这一页，不会中断。") % total
    return Progress(url, text, row.done, total)


def _ended(row: Capture) -> Iterator[Notice]:
    if row.state == queries.FAILED:
        yield _trouble(row.trouble)
    elif row.state == queries.CONFIRMED:
        yield Notice(
            Tone.GOOD,
            _("%(who)s 核对后收下了 %(count)d 条；识别的和改过的两份都留着。")
            % {"who": row.settled_by, "count": len(row.confirmed)},
        )
    elif row.state == queries.DROPPED:
        yield Notice(Tone.PLAIN, _("图片和识别的文字都已删掉，没有进会话。"))


def _trouble(told: Mapping[str, str]) -> Notice:
    return Notice(
        Tone.BAD,
        say(Text(told.get("zh", ""), told.get("en", ""))),
        say(Text(told.get("next_zh", ""), told.get("next_en", ""))),
    )


def _after(row: Capture) -> tuple[Link, ...]:
    if row.state in (queries.FAILED, queries.DROPPED):
        return (Link(_("再传一次"), reverse("screens")),)
    if row.state == queries.CONFIRMED and row.case:
        return (Link(row.case.number, reverse("case", args=[row.case.number])),)
    return (Link(_("去看今日待办"), reverse("today")),) if row.state == queries.CONFIRMED else ()


def _about(row: Capture, found: Sequence[str], typed: Mapping[str, str]) -> pages.About:
    number = row.case.number if row.case else ""
    tip = ""
    if not number and found:
        tip = _("图上的订单号对应 %s。是这一单就填上。") % "、".join(found)
    return pages.About(
        nick=typed.get("nick", row.nick),
        case=typed.get("case", number),
        phones=phones(typed.get("taken_by", row.taken_by)),
        found=tuple(found),
        tip=tip,
    )


def _pictures(
    row: Capture,
    pictures: Sequence[CapturedPicture],
    rows: Sequence[drafts.Row],
    mine: Sequence[drafts.Row],
    now: datetime,
) -> Iterator[pages.PictureBox]:
    """Put the entries of this part beside the pictures that they were read from, in the order of the chat.

    Pictures on which nothing was read, and refused ones, come last: something may have been missed there.
    """
    times = drafts.moments(rows, row.taken_on)
    order = list(dict.fromkeys(one.place.picture for one in mine))
    if not rows or mine[-1] is rows[-1]:
        told = {one.place.picture for one in rows}
        order += [one.place for one in pictures if one.place not in told]
    by_place = {one.place: one for one in pictures}
    for place in order:
        entries = [one for one in mine if one.place.picture == place]
        picture = by_place.get(place)
        title = _("第 %d 张") % (place + 1)
        yield pages.PictureBox(
            title=f"{title} · {picture.name}" if picture is not None and picture.name else title,
            alt=_("第 %d 张截图，卡密已遮住") % (place + 1),
            pieces=tuple(_pieces(row, picture, entries, rows)) if picture is not None else (),
            entries=tuple(_entry(one, row, times[one.number], now) for one in entries),
            refused=_trouble(picture.trouble) if picture is not None and picture.trouble else None,
        )


def _pieces(
    row: Capture, picture: CapturedPicture, entries: Sequence[drafts.Row], rows: Sequence[drafts.Row]
) -> Iterator[pages.Piece]:
    """Give the pieces of a picture that belong to these entries; before its first and after its last one all of them.

    A piece on which nothing was read is shown, too: something may have been missed there.
    """
    scale = covered.factor(picture.width) if picture.width else 1.0
    whole = [one.number for one in rows if one.place.picture == picture.place]
    shown = {one.number for one in entries}
    begin = min(one.place.top for one in entries) * scale if whole and min(whole) not in shown else 0.0
    end = max(one.place.bottom for one in entries) * scale if whole and max(whole) not in shown else float("inf")
    for number, (top, tall) in enumerate(covered.pieces(picture.width, picture.height)):
        if top + tall > begin and top < end:
            yield pages.Piece(
                url=reverse("capture-picture", args=[row.public_id, picture.place, number]),
                width=max(1, round(picture.width * scale)),
                height=tall,
                marks=tuple(
                    pages.Mark(round(one.place.top * scale) - top, str(one.number + 1), is_warned=_is_doubted(one))
                    for one in entries
                    if top <= round(one.place.top * scale) < top + tall
                ),
            )


def _is_doubted(one: drafts.Row) -> bool:
    return one.place.trust < drafts.FAINT or one.said.who == lines.UNCLEAR or bool(lines.doubtful(one.said.text))


def _entry(one: drafts.Row, row: Capture, told: tuple[datetime | None, bool], now: datetime) -> pages.EntryRow:
    names = speakers()
    was = row.read[one.number]
    before = f"{names.get(was['who'], '')}：{was['text']}" if was["text"] else names.get(was["who"], "")
    is_other = (was["who"], was["text"], was["quote"]) != (one.said.who, one.said.text, one.said.quote)
    return pages.EntryRow(
        name=str(one.number),
        number=str(one.number + 1),
        kind=kind_text(one.said.kind),
        speakers=tuple(Choice(value, label, is_chosen=value == one.said.who) for value, label in names.items()),
        speaker=names.get(one.said.who, ""),
        text=one.said.text,
        quote=one.said.quote,
        time=one.time,
        when=_when(told, row.taken_on, now),
        is_time=one.said.kind is Kind.TIME,
        is_kept=one.is_kept,
        lines=min(8, 1 + one.said.text.count("\n") + len(one.said.text) // 24),
        added=one.more,
        was=before if is_other else "",
        warnings=tuple(warnings(one)),
    )


def _when(told: tuple[datetime | None, bool], taken_on: date | None, now: datetime) -> str:
    moment, is_exact = told
    if moment is None:
        return "" if taken_on else _("哪天不知道")
    text = timing.moment_text(moment, now=now)
    return text if is_exact else _("%s 或之后") % text


def kind_text(kind: Kind) -> str:
    """Name what an entry is; nothing for plain words."""
    return {
        Kind.TEXT: "",
        Kind.PICTURE: _("图片"),
        Kind.CARD: _("卡片"),
        Kind.TIP: _("系统提示"),
        Kind.TIME: _("时间"),
    }[kind]


def warnings(one: drafts.Row) -> Iterator[str]:
    """Say what of an entry to compare with its picture."""
    if one.place.has_gap:
        yield _("上面可能缺了内容，和前一张接不上。")
    if one.said.who == lines.UNCLEAR:
        yield _("看不出是谁说的，请选。")
    if one.place.trust < drafts.FAINT:
        yield _("字认得没把握（%d%%），请对照图片。") % round(one.place.trust * 100)
    if one.place.is_cut:
        yield _("气泡在图边上被截断。")
    if pieces := lines.doubtful(one.said.text):
        yield _("容易认错 O/0、I/1：%s") % "、".join(pieces[:5])


def short(row: Capture) -> dict[str, Any]:
    """Write a capture of a list for programs."""
    return {
        "capture": row.public_id,
        "url": f"/api/v1/screens/{row.public_id}",
        "state": row.state,
        "case": row.case.number if row.case else None,
        "nick": row.nick,
        "captured_at": row.captured_at.isoformat(),
    }


def document(row: Capture, pictures: Sequence[CapturedPicture]) -> dict[str, Any]:
    """Write a capture for programs."""
    rows = drafts.rows_of(row.read, row.draft, row.places)
    said = [
        {"code": code, "zh": text.zh, "en": text.en}
        for code, text in zip(row.notes, service.warnings(row.notes), strict=True)
    ]
    return {
        **short(row),
        "taken_by": row.taken_by,
        "taken_on": row.taken_on.isoformat() if row.taken_on else None,
        "how": row.how,
        "done": row.done,
        "total": len(pictures),
        "trouble": _trouble_document(row.trouble),
        "warnings": said,
        "pictures": [_picture_document(row, one) for one in pictures],
        "lines": [
            _line_document(one, row, time) for one, time in zip(rows, drafts.moments(rows, row.taken_on), strict=True)
        ],
    }


def _trouble_document(told: Mapping[str, str]) -> dict[str, str] | None:
    names = {"code": "code", "reason": "zh", "next": "next_zh", "reason_en": "en", "next_en": "next_en"}
    return {name: told[kept] for name, kept in names.items()} if told else None


def _picture_document(row: Capture, one: CapturedPicture) -> dict[str, Any]:
    count = len(covered.pieces(one.width, one.height))
    return {
        "place": one.place,
        "name": one.name,
        "width": one.width,
        "height": one.height,
        "masked": len(one.masks),
        "trouble": _trouble_document(one.trouble),
        "pieces": [f"/api/v1/screens/{row.public_id}/pictures/{one.place}/{number}" for number in range(count)],
    }


def _line_document(one: drafts.Row, row: Capture, time: tuple[datetime | None, bool]) -> dict[str, Any]:
    moment, is_exact = time
    place, read = one.place, row.read[one.number]
    return {
        "number": one.number + 1,
        "who": one.said.who,
        "kind": one.said.kind.value,
        "text": one.said.text,
        "quote": one.said.quote,
        "time": one.time,
        "more": one.more,
        "keep": one.is_kept,
        "is_changed": one.is_changed,
        "read": {"who": read["who"], "text": read["text"], "quote": read["quote"]},
        "at": moment.isoformat() if moment else None,
        "is_exact": is_exact,
        "picture": place.picture,
        "top": place.top,
        "bottom": place.bottom,
        "trust": place.trust,
        "sure": place.sure,
        "is_cut": place.is_cut,
        "has_gap": place.has_gap,
        "doubtful": lines.doubtful(one.said.text),
    }
