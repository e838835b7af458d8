"""Finished sentences for the parcel on the page of a delivery: what was done, what is lacking, what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.urls import reverse

from cardcase.cards.rules import CardState
from cardcase.delivery import pages, queries
from cardcase.delivery.queries import ChainView, DeliveryView, ParcelsView, Replacement, StepView
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.parcels import (
    AGAIN,
    ORDER,
    OUTCOMES,
    ROLE_TITLES,
    ROLES,
    TITLES,
    Again,
    Match,
    Outcome,
    Role,
    StepName,
)
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission

_S = StepName
_IMAGES: Final = "image/*"
_VIDEOS: Final = "video/*"
_KILOBYTE: Final = 1024

_FLAGS: Final = MappingProxyType(
    {
        "is_uncut": (Text("不间断", "uncut"), Text("有剪辑或中断", "cut")),
        "is_waybill_visible": (Text("看得到面单", "label readable"), Text("看不到面单", "label not readable")),
        "is_tape_intact": (Text("封条完好", "seal whole"), Text("封条已破", "seal broken")),
        "is_scratch_intact": (Text("没有刮开", "not scratched"), Text("已刮开", "scratched")),
    }
)
_QUESTIONS: Final = MappingProxyType(
    {
        "is_uncut": Text("录像是一镜到底吗", "Is the video uncut"),
        "is_waybill_visible": Text("画面里看得到面单吗", "Is the label readable"),
        "is_tape_intact": Text("封条完好吗", "Is the seal whole"),
        "is_scratch_intact": Text("刮层完好吗", "Is the scratch layer whole"),
    }
)
_MATCHES: Final = MappingProxyType(
    {
        Match.SAME: Text("编号对得上", "serial as on file"),
        Match.OTHER: Text("编号对不上", "another serial"),
        Match.NONE_ON_FILE: Text("卡库里没有编号", "no serial on file"),
    }
)
_OURS: Final = frozenset({_S.PACKED, _S.SHIPPED, _S.SIGNED, _S.RECEIVED, _S.INSPECTED})
"""Steps that are ours to do or to look up. For what only the buyer can begin a form waits folded up."""

_BUTTONS: Final = MappingProxyType(
    {
        _S.PACKED: Text("包好了", "Packed"),
        _S.SHIPPED: Text("寄出了", "Shipped"),
        _S.SIGNED: Text("快递显示签收了", "Signed for"),
        _S.UNBOXED: Text("记下开箱画面", "Note the unboxing"),
        _S.ANNOUNCED: Text("买家寄回了", "The buyer sent it back"),
        _S.RECEIVED: Text("收到退件了", "The return is here"),
        _S.INSPECTED: Text("记下查验结果", "Note what was found"),
    }
)
_OPENS: Final = MappingProxyType(
    {
        _S.SIGNED: Text("补登签收", "Note the signature"),
        _S.UNBOXED: Text("买家发来了开箱画面", "The buyer sent pictures of the unboxing"),
        _S.ANNOUNCED: Text("买家要寄回", "The buyer sends it back"),
    }
)
_AGAIN_BUTTONS: Final = MappingProxyType(
    {
        Again.LOST: Text("另外分配卡再寄", "Allocate other cards and send"),
        Again.CAME_BACK: Text("再寄一次", "Send them once more"),
        Again.RETURN: Text("登记又一个退件", "Note another return"),
    }
)
_LOST: Final = Text(
    "丢失的卡算已发出，不会回到库存；店里要再出一张卡。",
    "The lost cards count as given out and never return to the stock: the shop gives others for them.",
)
_HINTS: Final = MappingProxyType(
    {
        _S.PACKED: Text("先拍正反面，再从头到尾录下装盒、封口。", "Take both sides, then film boxing and sealing."),
        _S.SHIPPED: Text("在快递柜台称重，拍下单据。", "Have it weighed at the counter; take the slip."),
        _S.SIGNED: Text("在快递官网查签收时间和签收人。", "Look up at the carrier when and by whom."),
        _S.UNBOXED: Text("买家在聊天里发来的开箱录像或照片。", "The video or photos that the buyer sent."),
        _S.ANNOUNCED: Text("买家要退货并告诉了运单号时填。", "When the buyer returns it and tells the waybill."),
        _S.RECEIVED: Text("先别拆，拍下外包装和面单。", "Do not open it yet; take the outside and the label."),
        _S.INSPECTED: Text(
            "全程录像拆开，看编号、封条、刮层。只写看到的，不猜是谁的原因。",
            "Film it being opened: serial, seal, scratch layer. Say what is seen, not whose fault it is.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class _About:
    """Whose parcels they are, and what decides what may be done: ``stops`` of the next one, whether cards are out."""

    actor: Actor
    view: ParcelsView
    stops: tuple[Text, ...]
    are_out: bool
    now: datetime

    def url(self, name: str) -> str:
        """Return where a step, or another act on these parcels, is posted."""
        return reverse(f"{self._kind}-step", args=[self.view.goods, name])

    def file_url(self, file: str) -> str:
        """Return where a photo or video is had."""
        return reverse(f"{self._kind}-file", args=[self.view.goods, file])

    @property
    def _kind(self) -> str:
        return "replacement-parcel" if self.view.is_replacement else "parcel"


def with_parcels(actor: Actor, view: DeliveryView, page: pages.DeliveryPage, *, now: datetime) -> pages.DeliveryPage:
    """Return the page of a delivery with its parcels, as it is for a delivery of codes."""
    if view.row.kind.form != "physical" or view.state is DeliveryState.CANCELLED:
        return page
    are_out = any(slot.card.state is CardState.REVEALED for slot in view.slots)
    found = queries.parcels(actor, view.public_id)
    stops = view.stops if len(found.chains) == 1 else view.resend_stops
    return replace(page, parcels=tuple(_parts(_About(actor, found, stops, are_out, now))))


def of_replacement(actor: Actor, found: Replacement, *, now: datetime) -> tuple[pages.ParcelPart, ...]:
    """Return the parcels of a physical replacement for its page; none of one that is a code."""
    if found.parcels is None:
        return ()
    are_out = found.card.state is CardState.REVEALED
    return tuple(_parts(_About(actor, found.parcels, found.stops, are_out, now)))


def _parts(about: _About) -> Iterator[pages.ParcelPart]:
    hint = Text(
        "每一步接着上一步，照片和录像加密保存。缺什么会写出来，以后有纠纷就是证据。",
        "Each step is linked to the one before; photos and videos are kept encrypted. What is lacking is told.",
    )
    for chain in about.view.chains:
        is_first, is_last = chain.round == 1, chain is about.view.last
        way = Text("再退", "Returned again") if chain.begins_with is _S.ANNOUNCED else Text("再寄", "Sent again")
        further = Text(f"包裹 {chain.round} · {way.zh}", f"Parcel {chain.round} · {way.en}")
        yield pages.ParcelPart(
            title=say(Text("包裹", "Parcel") if is_first else further),
            hint=say(hint) if is_first else "",
            why=say(Text(f"原因：{chain.why}", f"Why: {chain.why}")) if chain.why else "",
            steps=tuple(_steps(about, chain)),
            acts=tuple(_acts(about, chain, is_last=is_last)),
        )


def _coming(about: _About, chain: ChainView) -> StepName | None:
    """Return the step that is ours to do next, to be shown as the next one in the list."""
    last = ORDER.index(chain.steps[-1].name) if chain.steps else -1
    name = chain.following[0] if chain.following and about.actor.may(Permission.WORK) else None
    begins = not chain.steps and name is chain.begins_with
    return name if name is not None and (begins or (name in _OURS and ORDER.index(name) > last)) else None


def _steps(about: _About, chain: ChainView) -> Iterator[pages.ParcelStep]:
    yield from (_done(about, chain, step) for step in chain.steps)
    name = _coming(about, chain)
    if name is not None:
        yield _next(about, chain, name)


def _acts(about: _About, chain: ChainView, *, is_last: bool) -> Iterator[ActionForm]:
    actor = about.actor
    if actor.may(Permission.WORK):
        coming = _coming(about, chain)
        for name in chain.following:
            if name is not coming:
                yield _form_of(about, chain, name, opens=_OPENS.get(name, TITLES[name]))
    if not is_last:
        return
    if chain.outcome is Outcome.INTACT and about.are_out and actor.may(Permission.MANAGE_CARDS):
        yield ActionForm(
            url=about.url("take_back"),
            button=say(Text("收回这些卡", "Take these cards back")),
            warning=say(Text("收回的卡不会回到库存再卖。", "Cards that were taken back do not return to the stock.")),
            opens=say(Text("同一张、没刮开：收回", "The same, unscratched: take back")),
        )
    again = about.view.again
    may = Permission.MANAGE_CARDS if again is Again.LOST else Permission.WORK
    if again is None or not about.are_out or not actor.may(may) or (again is Again.LOST and about.view.is_replacement):
        return
    yield ActionForm(
        url=about.url("again"),
        button=say(_AGAIN_BUTTONS[again]),
        inputs=(Input("reason", say(Text("为什么", "Why")), is_required=True, max_length=300),),
        hidden=(("kind", again.value),),
        opens=say(AGAIN[again]),
        warning=say(_LOST) if again is Again.LOST else "",
    )


def _done(about: _About, chain: ChainView, step: StepView) -> pages.ParcelStep:
    wrong = tuple(say(one.text) for one in chain.contradictions if one.step is step.name)
    lacks = "、".join(text.zh for text in step.lacks), ", ".join(text.en for text in step.lacks)
    tone = "bad" if wrong else "warn" if step.lacks else "good"
    forms: tuple[ActionForm, ...] = ()
    if about.actor.may(Permission.WORK) and chain.steps[-1] is step:
        forms = (_form_of(about, chain, step.name, opens=Text("填错了？更正", "Wrong? Tell it anew"), was=step),)
    return pages.ParcelStep(
        title=say(TITLES[step.name]),
        tone=tone,
        when=f"{timing.moment_text(step.facts.happened_at, now=about.now)} · {step.noted_by}",
        lines=tuple(_lines(step)),
        wrong=wrong,
        lacks=say(Text(f"还缺：{lacks[0]}", f"Still lacking: {lacks[1]}")) if step.lacks else "",
        files=tuple(_files(about, step)),
        forms=forms,
    )


def _lines(step: StepView) -> Iterator[str]:
    facts = step.facts
    weight = say(Text(f"{facts.weight_g} 克", f"{facts.weight_g} g")) if facts.weight_g is not None else ""
    told = (facts.carrier, facts.waybill_no, weight, facts.who)
    yield from (line for line in (" · ".join(part for part in told if part),) if line)
    for serial in step.serials:
        yield f"‥{serial.tail} {say(_MATCHES[serial.match])}"
    said = [say(words[not value]) for flag, words in _FLAGS.items() if (value := facts.flags.get(flag)) is not None]
    if said:
        yield " · ".join(said)
    if facts.outcome is not None:
        yield say(OUTCOMES[facts.outcome])
    if step.note:
        yield step.note
    if step.replaced:
        yield say(Text(f"更正过 {step.replaced} 次，原来的都留着", f"told anew {step.replaced} times, all are kept"))


def _files(about: _About, step: StepView) -> Iterator[ActionForm]:
    for file in step.files:
        title, size = ROLE_TITLES[file.role], _size(file.size)
        if about.actor.may(Permission.REVEAL):
            yield ActionForm(
                url=about.file_url(file.public_id),
                button=say(Text("下载", "Download")),
                inputs=(Input("reason", say(Text("为什么要看", "Why")), is_required=True, max_length=300),),
                opens=say(Text(f"看{title.zh}（{size}）", f"Open the {title.en} ({size})")),
            )


def _size(size: int) -> str:
    megabytes = size / _KILOBYTE / _KILOBYTE
    return f"{megabytes:.1f} MB" if megabytes >= 1 else f"{max(size // _KILOBYTE, 1)} KB"


def _next(about: _About, chain: ChainView, name: StepName) -> pages.ParcelStep:
    is_stopped = name is _S.SHIPPED and bool(about.stops)
    why = "；".join(text.zh for text in about.stops), "; ".join(text.en for text in about.stops)
    return pages.ParcelStep(
        title=say(Text(f"下一步：{TITLES[name].zh}", f"Next: {TITLES[name].en}")),
        tone="",
        when="",
        lines=(say(_HINTS[name]),),
        wrong=(say(Text(f"现在不能寄出：{why[0]}", f"It cannot be sent now: {why[1]}")),) if is_stopped else (),
        forms=() if is_stopped else (_form_of(about, chain, name, is_main=True),),
    )


def _form_of(
    about: _About,
    chain: ChainView,
    name: StepName,
    *,
    opens: Text | None = None,
    was: StepView | None = None,
    is_main: bool = False,
) -> ActionForm:
    inputs = [*_inputs(name, was)]
    if was is not None:
        inputs.append(Input("reason", say(Text("为什么更正", "Why")), is_required=True, max_length=300))
    return ActionForm(
        url=about.url(name.value),
        button=say(Text("更正", "Tell it anew") if was is not None else _BUTTONS[name]),
        inputs=tuple(inputs),
        hidden=(("number", str(chain.round)),),
        opens=say(opens) if opens else "",
        is_main=is_main,
        has_files=True,
    )


def _inputs(name: StepName, was: StepView | None) -> Iterator[Input]:
    facts = was.facts if was else None
    if name is _S.INSPECTED:
        empty = facts is not None and facts.outcome is Outcome.EMPTY
        label = Text("包裹是空的，里面没有卡", "The parcel is empty")
        yield Input("is_empty", say(label), InputKind.CONFIRM, value="yes" if empty else "")
    if name in (_S.PACKED, _S.INSPECTED):
        yield Input(
            "serials",
            say(Text("卡面上印的编号", "Serials printed on the cards")),
            InputKind.TEXTAREA,
            help=say(Text("一行一个。不是刮开的卡密。", "One a line. Not the code under the scratch layer.")),
            is_required=name is _S.PACKED,
        )
    if name in (_S.SHIPPED, _S.ANNOUNCED):
        yield Input(
            "carrier",
            say(Text("快递公司", "Carrier")),
            value=facts.carrier if facts else "",
            is_required=name is _S.SHIPPED,
            max_length=40,
        )
    if name in (_S.SHIPPED, _S.ANNOUNCED, _S.RECEIVED, _S.UNBOXED):
        label = Text("画面里的运单号", "Waybill seen in it") if name is _S.UNBOXED else Text("运单号", "Waybill")
        yield Input(
            "waybill_no",
            say(label),
            value=facts.waybill_no if facts else "",
            is_required=name in (_S.SHIPPED, _S.ANNOUNCED),
            max_length=40,
        )
    if name in (_S.PACKED, _S.SHIPPED, _S.RECEIVED, _S.INSPECTED):
        weight = str(facts.weight_g) if facts and facts.weight_g is not None else ""
        yield Input("weight_g", say(Text("整个包裹重多少克", "Weight of the parcel, grams")), InputKind.NUMBER, weight)
    yield from _questions(name, was)
    yield from (_file(name, role) for role in ROLES[name])
    who = {
        _S.PACKED: Text("谁打包的", "Who packed"),
        _S.SIGNED: Text("谁签收的", "Who signed"),
        _S.INSPECTED: Text("谁查验的", "Who inspected"),
    }.get(name)
    if who is not None:
        yield Input("who", say(who), value=facts.who if facts else "", max_length=80)
    moment = facts.happened_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%dT%H:%M") if facts else ""
    now = Text("不填就是现在", "Now, when left empty")
    yield Input("happened_at", say(Text("什么时候", "When")), InputKind.MOMENT, moment, help=say(now))
    yield Input("note", say(Text("备注", "Note")), max_length=300)


def _questions(name: StepName, was: StepView | None) -> Iterator[Input]:
    asked = {
        _S.UNBOXED: ("is_uncut", "is_waybill_visible", "is_tape_intact"),
        _S.INSPECTED: ("is_tape_intact", "is_scratch_intact"),
    }
    for flag in asked.get(name, ()):
        told = was.facts.flags.get(flag) if was else None
        choices = (
            Choice("", say(Text("没看清", "Not clear")), is_chosen=told is None),
            Choice("yes", say(_FLAGS[flag][0]), is_chosen=told is True),
            Choice("no", say(_FLAGS[flag][1]), is_chosen=told is False),
        )
        yield Input(flag, say(_QUESTIONS[flag]), InputKind.SELECT, choices=choices)


def _file(name: StepName, role: Role) -> Input:
    """Ask for a file: from the camera where it is made now, from the album where the buyer sent it."""
    is_video, is_wanted = role is Role.VIDEO, name in (_S.PACKED, _S.INSPECTED)
    titles = {
        (_S.PACKED, Role.VIDEO): Text("打包全程录像", "Video of the packing"),
        (_S.INSPECTED, Role.VIDEO): Text("拆开退件的全程录像", "Video of opening the return"),
        (_S.UNBOXED, Role.VIDEO): Text("买家的开箱录像", "The buyer's unboxing video"),
        (_S.UNBOXED, Role.PHOTO): Text("买家的照片", "The buyer's photo"),
        (_S.SIGNED, Role.RECEIPT): Text("签收页面截图", "Picture of the carrier's page"),
        (_S.RECEIVED, Role.RECEIPT): Text("外包装和面单照片", "Photo of the outside and the label"),
    }
    return Input(
        role.value,
        say(titles.get((name, role), ROLE_TITLES[role])),
        InputKind.FILE,
        accept=_VIDEOS if is_video else _IMAGES,
        help=say(Text("建议拍上，有纠纷时最有用", "Worth taking: it helps most in a dispute")) if is_wanted else "",
        is_single=True,
        has_camera=name in (_S.PACKED, _S.SHIPPED, _S.RECEIVED, _S.INSPECTED),
    )
