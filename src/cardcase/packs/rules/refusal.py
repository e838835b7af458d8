"""What goes into a platform's refuse form: words within its limit, and pictures made of what is on file. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cardcase.cards.rules import shapes
from cardcase.inbox.rules import tone
from cardcase.kit import catalogue
from cardcase.kit.text import Text

from .dossier import Dossier, Happening, Utterance
from .wording import MISSING, moment

FORMS_FILE: Final = Path(__file__).parent.parent / "data" / "refusal.toml"
_OWN: Final = "goofish"

MOST_STEPS: Final = 12
MOST_LINES: Final = 9
LONGEST_LINE: Final = 120
"""What still reads on a phone: more goes into the pack, not into a picture. Judgement."""

_DELIVERED: Final = (
    "品牌 / 面值", "卡密尾号", "状态", "交付给买家", "交付方式", "有效期至", "兑换时间", "进货日期", "进货渠道",
    "进货凭证", "查验",
)  # fmt: skip


class Form(catalogue.Record):
    """The limits of one platform's refuse form."""

    text_max: int
    pictures_max: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture for the form: its name in addresses, its title, and the rows that it shows."""

    name: str
    title: Text
    rows: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the words for the form: passed or not, and the sentence that says which. A hint stops nobody."""

    ok: bool
    text: Text
    is_hint: bool = False


def fits(checks: Iterable[Check]) -> bool:
    """Tell whether words may be typed into the form."""
    return all(one.ok or one.is_hint for one in checks)


@lru_cache(maxsize=64)
def forms(own: Path | None = None, _changed: int = 0) -> catalogue.Catalogue[Form]:
    """Read the limits by channel, a shop's own file laid over them. Raises BrokenCatalogue for a broken one."""
    return catalogue.load(FORMS_FILE, Form, table="form", override=own)


def form_of(channel: str, own: Path | None = None, changed: int = 0) -> Form:
    """Return the limits of a channel's form; an unknown channel is held to those of 闲鱼."""
    found = forms(own, changed).records
    return found.get(channel) or found[_OWN]


def check(
    reason: str, words: str, reasons: tuple[str, ...], form: Form, *, own: Path | None = None
) -> tuple[Check, ...]:
    """Check what would be typed into the form: the reason from its list, the length, the words.

    ``own``: the shop's own list of words.
    """
    length = len(words.strip())
    found = [
        Check(reason in reasons, Text("理由在平台的选项里", "the reason is one of the platform's")),
        Check(
            0 < length <= form.text_max,
            Text(f"{length} / {form.text_max} 字", f"{length} of {form.text_max} characters"),
        ),
    ]
    if shapes.code_shaped(words):
        found.append(
            Check(ok=False, text=Text("像是有卡密，只写尾号", "a card code seems to stand there: tell its tail only"))
        )
    checked = tone.check_reply(words, override=own)
    found += [Check(one.ok, one.told, one.is_hint) for one in checked if one.code != "length"]
    return tuple(found)


def propose(told: Dossier, form: Form) -> str:
    """Word the explanation from what is on file: what was delivered when, what speaks for it; within the limit."""
    parts = [f"订单 {told.order_no}："]
    parts += [
        f"{one.at_text}{one.text}。"
        for one in _steps(told)
        if "交付" in one.text or "核销" in one.text or "兑换" in one.text
    ]
    held = [
        one.title
        for one in told.needs
        if one.state == "have" and "decisive" in one.weight and not one.is_against_seller
    ]
    if held:
        parts.append(f"已附凭证：{'、'.join(held)}。")
    parts.append("请平台依据凭证核实。")
    words = ""
    for part in parts:
        if len(words) + len(part) <= form.text_max:
            words += part
    return words


@dataclass(frozen=True, slots=True)
class _Step:
    at_text: str
    text: str
    source: str


def pictures(told: Dossier, form: Form) -> tuple[Picture, ...]:
    """Choose what the pictures show: the time line, the record of what was said, the delivery; as many as are taken."""
    made = [_timeline(told), _delivery(told), _record(told)]
    return tuple(one for one in made if one.rows)[: form.pictures_max]


def _timeline(told: Dossier) -> Picture:
    rows = tuple((one.at_text, f"{one.text}（{one.source}）") for one in _steps(told)[:MOST_STEPS])
    left = len(_steps(told)) - len(rows)
    return Picture("timeline", Text("时间线", "Time line"), rows, f"另有 {left} 项见证据包" if left > 0 else "")


def _steps(told: Dossier) -> list[_Step]:
    """Take what the channel tells before what only the shop's record tells, then put all in order."""
    ranked = sorted(told.happenings, key=lambda one: (_rank(one), one.at))[:MOST_STEPS]
    chosen = [one for one in told.happenings if one in ranked]
    return [_Step(_short(one), _cut(one.text), one.source) for one in chosen]


def _rank(one: Happening) -> int:
    return 0 if one.source == "渠道" else 1 if one.source.startswith("会话") else 2


def _short(one: Happening) -> str:
    return moment(one.at)[5:16]


def _delivery(told: Dossier) -> Picture:
    rows: list[tuple[str, str]] = []
    for sheet in told.sheets:
        if sheet.key == "delivery":
            rows += [(row.label, row.value) for row in sheet.rows if row.label in _DELIVERED and row.value != MISSING]
    return Picture("delivery", Text("交付记录", "Delivery"), tuple(rows[:MOST_STEPS]), "卡密只显示尾号")


def _record(told: Dossier) -> Picture:
    rows = tuple((f"{one.speaker} {_when(one)}", _cut(one.text)) for one in _said(told))
    return Picture(
        "record", Text("会话摘录", "What was said"), rows, f"摘自 {len(told.conversation)} 条会话，编号见证据包"
    )


def _said(told: Dossier) -> list[Utterance]:
    """Choose the messages that bear on the claim: those that the checklist quotes, the first complaint, the latest."""
    quoted = " ".join(one.why for one in told.needs)
    talk = [one for one in told.conversation if one.text]
    chosen = {one.number for one in talk if len(one.text) > 3 and one.text[:24] in quoted}  # noqa: PLR2004 - a word is no quote
    for one in [*talk[:2], *reversed(talk)]:
        if len(chosen) >= MOST_LINES:
            break
        chosen.add(one.number)
    return [one for one in talk if one.number in chosen][:MOST_LINES]


def _when(one: Utterance) -> str:
    return f"{moment(one.at)[5:16]} #{one.number}" if one.at else f"#{one.number}"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_LINE else f"{flat[: LONGEST_LINE - 1]}…"


def texts(picture: Picture) -> Iterator[str]:
    """Go through the words of a picture."""
    for label, value in picture.rows:
        yield label
        yield value
