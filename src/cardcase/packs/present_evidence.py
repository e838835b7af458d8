"""The pages of evidence: every piece of a case, marking what is covered, and the platform's refuse form."""

from collections.abc import Mapping, Sequence

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.evidence import dkim
from cardcase.evidence.models import Cover, Exhibit, Redaction
from cardcase.evidence.pixels import Page
from cardcase.evidence.queries import ShownFile
from cardcase.evidence.rules import PARTY_TITLES, STATE_TITLES, ItemState
from cardcase.evidence.rules.covering import stored_areas
from cardcase.kit.text import Text
from cardcase.remedies.rules import RemedyFacts
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Check, Fact, Input, Link, Notice, Pill, Tone
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import reasons

from .pages import CoverPage, CoverPicture, ExhibitsPage, FormPicture, Line, Piece, RefusalPage
from .refusal import Refusal
from .rules import catalogues
from .rules.dossier import Dossier
from .rules.listing import FROM_RECORDS, by_key, pieces
from .rules.wording import moment

WEIGHTS = {
    "decisive": Text("直接针对", "bears on it directly"),
    "supports": Text("佐证", "supports"),
    "ask_decisive": Text("直接针对（买家提供）", "bears on it directly (from the buyer)"),
    "ask_supports": Text("佐证（买家提供）", "supports (from the buyer)"),
}
_TONES = {
    ItemState.HAVE: Tone.GOOD,
    ItemState.ASK: Tone.WARN,
    ItemState.MISSING: Tone.PLAIN,
    ItemState.CONTRADICTS: Tone.BAD,
}
_MAY_BE_CHECKED_AGAIN = (dkim.Signed.PENDING, dkim.Signed.NO_KEY)
_PICTURES = ("image/png", "image/jpeg", "image/webp", "application/pdf")


def exhibits(  # noqa: PLR0917 - what the page is made of
    actor: Actor,
    case: Case,
    told: Dossier,
    judged: RemedyFacts,
    rows: Sequence[Exhibit],
    shown: Mapping[int, ShownFile],
    covers: Sequence[Cover],
    notices: tuple[Notice, ...] = (),
) -> ExhibitsPage:
    """Return the evidence page of a case."""
    known, by_id = by_key(told), {row.public_id: row for row in rows}
    found = [_piece(case, one.label, one.title, one.key, by_id.get(one.key), shown, judged) for one in pieces(told)]
    needs = [
        Line(
            say(item.title),
            Pill(say(STATE_TITLES[item.state]), _TONES[item.state]),
            f"{say(WEIGHTS[item.weight.value])} · {say(item.why)}",
            link=_to(known, item.kind, item.exhibits),
        )
        for item in judged.items
    ]
    return ExhibitsPage(
        number=case.number,
        back=Link(say(Text("返回售后单", "Back to the case")), reverse("case", args=[case.number])),
        notices=notices,
        claim=_claim(case),
        pieces=tuple(found),
        needs=tuple(needs),
        clashes=tuple(dict.fromkeys(say(one.text) for one in judged.findings.contradictions)),
        gaps=tuple(
            f"{say(one.title)}：{say(one.why)}"
            for one in judged.items
            if one.weight.is_decisive and one.state in (ItemState.ASK, ItemState.MISSING)
        ),
        against=tuple(say(one.title) for one in judged.items if one.is_against_seller)
        + tuple(row.title for row in rows if row.is_against_seller),
        covers=tuple(_cover(actor, case, one) for one in covers),
        cover_words=_words(case) if actor.may(Permission.WORK) else None,
        links=(
            Link(say(Text("证据包", "Packs")), reverse("packs", args=[case.number])),
            Link(say(Text("平台拒绝表单", "Refuse form")), reverse("refusal", args=[case.number])),
        ),
    )


def _claim(case: Case) -> str:
    return say(reasons.title(case.sub_reason)) if reasons.is_known(case.sub_reason) else say(Text("未说明", "not said"))


def _to(known: Mapping[str, object], kind: str, ids: Sequence[str]) -> Link | None:
    key = next((one for one in (*ids, FROM_RECORDS.get(kind, "")) if one in known), "")
    piece = known.get(key)
    return Link(say(Text(f"证据 {piece.no}", f"Piece {piece.no}")), f"#piece-{piece.no}") if piece else None  # type: ignore[attr-defined]


def _piece(  # noqa: PLR0917 - what one piece is made of
    case: Case,
    label: str,
    title: str,
    key: str,
    row: Exhibit | None,
    shown: Mapping[int, ShownFile],
    judged: RemedyFacts,
) -> Piece:
    if row is None:
        return Piece(label, title, (), (_proves(key.partition("-")[0]),))
    weights = {item.kind: item.weight.value for item in judged.items}
    pills = []
    if row.is_against_seller:
        pills.append(Pill(say(Text("对店铺不利", "against the shop")), Tone.WARN))
    if row.set_aside_at:
        pills.append(Pill(say(Text("已搁置", "set aside")), Tone.PLAIN))
    file = shown.get(row.pk)
    if file and file.redaction:
        pills.append(Pill(say(Text("已遮盖", "covered")), Tone.GOOD))
    facts = [_proves(row.kind)]
    if row.kind in weights:
        against = f"{say(WEIGHTS[weights[row.kind]])}：{_claim(case)}"
        facts.append(Fact(say(Text("对应主张", "Against")), against))
    how = (
        Text("人工上传文件", "uploaded by hand")
        if row.file_sha256
        else Text("人工登记，没有文件", "noted by hand, without a file")
    )
    who = f"{row.captured_by} · {moment(row.captured_at)}"
    facts += [
        Fact(say(Text("来自", "From")), say(PARTY_TITLES.get(row.party, Text(row.party, row.party)))),
        Fact(
            say(Text("取得", "Captured")),
            f"{say(how)} {row.source_file}".strip(),
            who,
        ),
    ]
    acts: tuple[ActionForm, ...] = ()
    if row.dkim:
        signed = dkim.Signed(row.dkim)
        facts.append(Fact(say(Text("邮件签名", "Signature")), say(dkim.TITLES[signed]), row.dkim_domain))
        acts = (_check_again(case, row),) if signed in _MAY_BE_CHECKED_AGAIN else ()
    link, picture = None, ""
    if file and file.mime in _PICTURES:
        link = Link(say(Text("看图、遮盖", "Look, cover")), reverse("exhibit-cover", args=[case.number, row.public_id]))
        if file.mime != "application/pdf":
            picture = reverse("exhibit-shown", args=[case.number, row.public_id])
    return Piece(label, title, tuple(pills), tuple(facts), picture, link, acts)


def _check_again(case: Case, row: Exhibit) -> ActionForm:
    return ActionForm(
        url=reverse("case-act", args=[case.number, "mail"]),
        button=say(Text("再核对一次签名", "Check the signature again")),
        hidden=(("revision", str(case.revision)), ("exhibit", row.public_id)),
    )


def _proves(kind: str) -> Fact:
    return Fact(say(Text("证明", "Proves")), say(catalogues.purpose(kind)))


def _cover(actor: Actor, case: Case, one: Cover) -> Line:
    acts: tuple[ActionForm, ...] = ()
    if one.lifted_at is None and actor.may(Permission.DECIDE):
        acts = (_lift(case, "uncover", one.public_id),)
    pill = (
        Pill(say(Text("遮盖中", "covered")), Tone.GOOD)
        if one.lifted_at is None
        else Pill(say(Text("已取消", "lifted")))
    )
    return Line(one.words, pill, f"{one.reason} · {one.by} · {moment(one.at)}", acts)


def _lift(case: Case, act: str, ref: str) -> ActionForm:
    return ActionForm(
        url=reverse("pack-act", args=[case.number, act]),
        button=say(Text("取消遮盖", "Uncover")),
        opens=say(Text("取消遮盖", "Uncover")),
        inputs=(Input("reason", say(Text("为什么", "Why")), is_required=True, max_length=300),),
        hidden=(("ref", ref),),
    )


def _words(case: Case) -> ActionForm:
    return ActionForm(
        url=reverse("pack-act", args=[case.number, "words"]),
        button=say(Text("遮盖", "Cover")),
        opens=say(Text("遮盖文字", "Cover words")),
        inputs=(
            Input(
                "words",
                say(Text("照原文抄要遮盖的字", "The words as they stand")),
                max_length=200,
                help=say(
                    Text(
                        "在会话、退款说明、证据标题里出现的都会遮盖；原文仍保存在店铺。",
                        "Covered wherever they stand: messages, claim, titles. The shop keeps the original.",
                    )
                ),
            ),
            Input(
                "span",
                say(Text("或者写位置：会话编号:起-止", "Or their place: message:from-to")),
                max_length=30,
                placeholder="12:5-15",
            ),
            Input("reason", say(Text("为什么", "Why")), is_required=True, max_length=300),
        ),
    )


def cover(  # noqa: PLR0917 - what the page is made of
    actor: Actor,
    case: Case,
    row: Exhibit,
    drawn: Sequence[Page],
    made: Sequence[Redaction],
    notices: tuple[Notice, ...] = (),
    typed: Mapping[str, str] | None = None,
) -> CoverPage:
    """Return the page on which places of an exhibit are marked."""
    current = next((one for one in reversed(made) if one.lifted_at is None), None)
    areas = "\n".join(str(area) for area in stored_areas(current.areas)) if current else ""
    lines = []
    for one in reversed(made):
        is_on = one is current
        pill = Pill(say(Text("现用", "in use")), Tone.GOOD) if is_on else Pill(say(Text("不用", "not in use")))
        acts = (_lift(case, "lift", one.public_id),) if is_on and actor.may(Permission.DECIDE) else ()
        places = say(Text(f"遮盖 {len(one.areas)} 处", f"{len(one.areas)} places"))
        lines.append(Line(places, pill, f"{one.reason} · {one.by} · {moment(one.at)}", acts))
    return CoverPage(
        number=case.number,
        back=Link(say(Text("返回证据", "Back to the evidence")), reverse("case-exhibits", args=[case.number])),
        title=row.title,
        notices=notices,
        pictures=tuple(
            CoverPicture(
                number,
                reverse("exhibit-page", args=[case.number, row.public_id, number]),
                one.width,
                one.height,
            )
            for number, one in enumerate(drawn, 1)
        ),
        url=reverse("exhibit-cover", args=[case.number, row.public_id]),
        areas=(typed or {}).get("areas", areas),
        reason=(typed or {}).get("reason", ""),
        can_cover=actor.may(Permission.WORK),
        earlier=tuple(lines),
    )


def refusal(
    case: Case,
    told: Refusal,
    *,
    reason: str,
    words: str,
    checks: Sequence[Check],
    notices: tuple[Notice, ...] = (),
) -> RefusalPage:
    """Return the page of the refuse form."""
    pictures = tuple(
        FormPicture(say(one.title), reverse("refusal-picture", args=[case.number, one.name])) for one in told.pictures
    )
    most = told.form.pictures_max
    back = Link(say(Text("返回售后单", "Back to the case")), reverse("case", args=[case.number]))
    return RefusalPage(
        number=case.number,
        back=back,
        notices=notices,
        url=reverse("refusal", args=[case.number]),
        reasons=tuple((one, one == reason) for one in told.reasons),
        words=words,
        limit=told.form.text_max,
        length_text=f"{len(words)} / {told.form.text_max}",
        checks=tuple(checks),
        pictures=pictures,
        pictures_note=say(
            Text(
                f"长按存图，在 App 的拒绝页面上传，最多 {most} 张（平台没有公布张数，以页面为准）。",
                f"Save them and upload them in the App, at most {most} (no number is published: the form decides).",
            )
        ),
        decide=Link(
            say(Text("去售后单拒绝", "Decline on the case page")), reverse("case", args=[case.number]) + "#remedies"
        ),
    )
