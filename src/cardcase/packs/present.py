"""The pages of packs, put into words in the reader's language."""

from collections.abc import Iterator

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.kit.text import Text
from cardcase.remedies.rules import phrase
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.staff.rules import Actor, Permission

from .pages import Line, PacksPage, Version
from .rules.leaks import Leak, Stops
from .rules.letter import LETTER_MAX
from .rules.listing import by_key, pieces
from .rules.sealing import RECIPIENT_TITLES, SEAL_PHRASE
from .rules.wording import moment
from .sealed import PackState, Sealed
from .service import Preview

STATES = {
    PackState.SEALED: (Text("已封存", "sealed"), Tone.GOOD),
    PackState.SUBMITTED: (Text("已提交", "handed in"), Tone.GOOD),
    PackState.SUPERSEDED: (Text("已有新版", "superseded"), Tone.PLAIN),
}


def packs(
    actor: Actor,
    case: Case,
    planned: Preview | None,
    sealed: tuple[Sealed, ...],
    *,
    can_submit: bool,
    notices: tuple[Notice, ...] = (),
) -> PacksPage:
    """Return the page of a case's packs. ``planned`` is None when nothing can be gathered; a notice says why."""
    told = planned.gathered.told if planned else None
    leaks = planned.gathered.leaks if planned else ()
    waiting = [leak for leak in leaks if leak.stops is Stops.UNTIL_LOOKED_AT]
    return PacksPage(
        number=case.number,
        back=Link(say(Text("返回售后单", "Back to the case")), reverse("case", args=[case.number])),
        notices=notices,
        sums=_sums(planned) if planned else (),
        going=tuple(_going(planned)) if planned else (),
        withheld=tuple(_withheld(planned)) if planned else (),
        leaks=tuple(_leak(actor, case, leak) for leak in leaks if leak.stops is not Stops.WITHHELD),
        gaps=told.gaps if told else (),
        clashes=told.clashes if told else (),
        looked=_looked(case, waiting) if waiting and actor.may(Permission.WORK) else None,
        stage=_stage(case, planned) if planned and actor.may(Permission.WORK) else None,
        letter=tuple(planned.letter.split("\n")) if planned else (),
        seal=_seal(case, planned) if planned and not waiting else None,
        seal_blocked=say(Text("先看过每一张图片，再封存。", "Look at every picture first, then seal."))
        if waiting
        else "",
        submit=_submit(case, sealed) if can_submit else None,
        versions=tuple(_version(case, one) for one in reversed(sealed)),
        links=(
            Link(say(Text("证据", "Evidence")), reverse("case-exhibits", args=[case.number])),
            Link(say(Text("平台拒绝表单", "Refuse form")), reverse("refusal", args=[case.number])),
        ),
    )


def _sums(planned: Preview) -> tuple[Fact, ...]:
    told, lines = planned.gathered.told, planned.gathered.opened.lines
    opened = sum(one.state.value == "opened" for line in lines for one in line.openings)
    total = sum(len(line.openings) for line in lines)
    kept = [one for one in planned.gathered.files.values() if not one.is_withheld]
    return (
        Fact(say(Text("证据", "Pieces")), str(len(pieces(told)))),
        Fact(say(Text("会话", "Messages")), str(len(told.conversation))),
        Fact(say(Text("记录", "Entries")), str(len(lines))),
        Fact(
            say(Text("内容", "Contents")),
            say(Text(f"公开 {opened} 项，不公开 {total - opened} 项", f"{opened} opened, {total - opened} withheld")),
        ),
        Fact(say(Text("文件", "Files")), str(len(kept))),
        Fact(say(Text("可信时间", "Trusted time")), say(planned.bounding.summary())),
    )


def _going(planned: Preview) -> Iterator[Line]:
    for one in pieces(planned.gathered.told):
        pill = Pill(say(Text("对店铺不利", "against the shop")), Tone.WARN) if one.is_against_seller else None
        yield Line(f"{one.label} {one.title}", pill, one.purpose)


def _withheld(planned: Preview) -> Iterator[Line]:
    told = planned.gathered.told
    known = by_key(told)
    for one in told.exhibits:
        label = known[one.public_id].label
        if one.covered is not None:
            places = Text(
                f"原件不公开，用遮盖 {one.covered.places} 处的副本代替", "the original stays; a covered copy goes in"
            )
            yield Line(f"{label} {one.title}", None, f"{say(places)}：{one.covered.reason}")
    for leak in planned.gathered.leaks:
        if leak.stops is Stops.WITHHELD:
            yield Line(leak.place, Pill(say(Text("不放入", "stays out")), Tone.WARN), say(leak.text))
    if told.covers:
        text = Text(
            f"{len(told.covers)} 处第三方资料在所有文字里遮盖",
            f"{len(told.covers)} words about third parties are covered",
        )
        yield Line(say(Text("文字", "Words")), None, say(text))
    own = Text("内部备注、成本、货源方名称只留承诺值", "Internal notes, costs, suppliers: only committed to")
    yield Line(say(Text("店铺内部", "Of the shop")), None, say(own))


def _leak(actor: Actor, case: Case, leak: Leak) -> Line:
    link = None
    if leak.exhibit:
        link = Link(say(Text("看图、遮盖", "Look, cover")), reverse("exhibit-cover", args=[case.number, leak.exhibit]))
    acts: tuple[ActionForm, ...] = ()
    if leak.words and actor.may(Permission.WORK):
        acts = (
            ActionForm(
                url=reverse("pack-act", args=[case.number, "words"]),
                button=say(Text("遮盖", "Cover")),
                hidden=(("words", leak.words), ("reason", say(leak.text)), ("next", "packs")),
            ),
        )
    tone = Tone.BAD if leak.stops is Stops.UNTIL_LOOKED_AT else Tone.WARN
    pill = Pill(say(Text("要看", "look")) if tone is Tone.BAD else say(Text("留意", "note")), tone)
    return Line(leak.place, pill, say(leak.text) + (f"：{leak.words}" if leak.words else ""), acts, link)


def _looked(case: Case, waiting: list[Leak]) -> ActionForm:
    choices = tuple(Choice(leak.exhibit, leak.place) for leak in waiting)
    return ActionForm(
        url=reverse("pack-act", args=[case.number, "looked"]),
        button=say(Text("确认看过", "Confirm")),
        inputs=(
            Input(
                "exhibits",
                say(
                    Text(
                        "我看过这些图片，里面没有卡密，也没有他人资料",
                        "I looked at these: no card code, nobody else's data",
                    )
                ),
                InputKind.CHECKS,
                choices=choices,
            ),
        ),
    )


def _stage(case: Case, planned: Preview) -> ActionForm:
    chosen = planned.wanted.recipient
    recipients = tuple(Choice(one, say(title), is_chosen=one == chosen) for one, title in RECIPIENT_TITLES.items())
    return ActionForm(
        url=reverse("pack-act", args=[case.number, "stage"]),
        button=say(Text("保存", "Save")),
        opens=say(Text("改写提交说明", "Word the letter anew")),
        inputs=(
            Input("recipient", say(Text("交给谁", "For whom")), InputKind.SELECT, choices=recipients),
            Input(
                "letter",
                say(Text("提交说明（留空由系统写）", "Cover letter (empty: worded by the product)")),
                InputKind.TEXTAREA,
                value=planned.wanted.letter or planned.letter,
                max_length=LETTER_MAX,
            ),
        ),
    )


def _seal(case: Case, planned: Preview) -> ActionForm:
    return ActionForm(
        url=reverse("pack-act", args=[case.number, "seal"]),
        button=say(Text("封存", "Seal")),
        opens=say(Text("封存新的一版", "Seal a new version")),
        hidden=(("seen", planned.digest),),
        typed_word=say(SEAL_PHRASE),
        warning=say(
            Text(
                "封存后这一版不能再改；要改只能封存新的一版，两版都留在记录里。",
                "A sealed version cannot be changed; a new one can be sealed, and both stay on record.",
            )
        ),
        is_main=True,
    )


def _submit(case: Case, sealed: tuple[Sealed, ...]) -> ActionForm | None:
    open_ones = [one for one in sealed if one.state is PackState.SEALED and one.file_sha256]
    if not open_ones:
        return None
    one = open_ones[-1]
    return ActionForm(
        url=reverse("pack-act", args=[case.number, "submit"]),
        button=say(Text("已提交证据包", "The pack is handed in")),
        opens=say(Text(f"提交第 {one.number} 版", f"Hand in version {one.number}")),
        inputs=(Input("once", say(Text("平台只收这一次", "The platform takes one only")), InputKind.CONFIRM),),
        hidden=(("revision", str(case.revision)), ("pack", one.pack)),
        typed_word=say(phrase("submit")),
        warning=say(
            Text(
                "先在平台上提交，再在这里记下。提交之后不能撤回。",
                "Hand it in on the platform first, then say so here. It cannot be taken back.",
            )
        ),
        is_danger=True,
    )


_UNFINISHED = (Text("没有写成，请再封存", "Never written; seal again"), Tone.BAD)


def _version(case: Case, one: Sealed) -> Version:
    title, tone = STATES[one.state] if one.file_sha256 else _UNFINISHED
    facts = [Fact(say(Text("封存", "Sealed")), moment(one.at), one.by)]
    if one.submitted_at:
        facts.append(Fact(say(Text("提交", "Handed in")), moment(one.submitted_at)))
    if one.recipient:
        facts.append(Fact(say(Text("交给", "For")), say(RECIPIENT_TITLES[one.recipient])))
    facts.append(Fact(say(Text("编号", "Id")), one.pack))
    if one.file_sha256:
        facts.append(Fact("SHA-256", one.file_sha256))
    links: tuple[Link, ...] = ()
    if one.file_sha256:
        address = [case.number, str(one.number)]
        links = (
            Link(say(Text("下载整包", "The pack")), reverse("pack", args=address)),
            *(
                Link(say(title), reverse("pack-file", args=[*address, name]))
                for name, title in (
                    ("report.pdf", Text("报告 PDF", "Report, PDF")),
                    ("index.pdf", Text("证据目录 PDF", "Index, PDF")),
                    ("index.csv", Text("证据目录 CSV", "Index, CSV")),
                )
            ),
        )
    return Version(
        say(Text(f"第 {one.number} 版", f"Version {one.number}")), Pill(say(title), tone), tuple(facts), links
    )
