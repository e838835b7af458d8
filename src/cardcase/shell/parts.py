"""Values that the parts of a page are drawn from. A page value is built of these; its texts are finished sentences.

Every ``str`` that a reader sees is already in the reader's language (``shell.language.say``), with money, times and
counts written out. Templates (``shell/parts.html`` has one macro per class below) only loop and choose.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a thing is coloured. Colour never speaks alone: the text says the same."""

    PLAIN = "plain"
    GOOD = "good"  # done, proven
    WARN = "warn"  # time is running; somebody must act
    BAD = "bad"  # loss, contradiction, missed
    AUTHENTICITY = "authenticity"  # the four families of reasons
    PERSONAL = "personal"
    VALUE = "value"
    OTHER = "other"
    UNKNOWN = "unknown"  # unstated, none, or not understood: a person must look


class InputKind(StrEnum):
    """Which control an input is drawn as."""

    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    MONEY = "money"  # yuan as text with a decimal keyboard; read it with ``kit.money.parse_yuan``
    MOMENT = "datetime-local"  # Shanghai time, "2026-11-24T12:00"
    DAY = "date"
    SELECT = "select"
    CHECKS = "checks"  # several of ``choices``: posts the name once per choice taken
    CONFIRM = "confirm"  # one tick box: posts "yes"
    FILE = "file"
    PASSWORD = "password"  # noqa: S105 - a kind of input, not a secret


@dataclass(frozen=True, slots=True)
class Link:
    """A way to somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Pill:
    """A short word in a coloured shape: a reason, a state, a count."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know now; ``next`` says what to do about it, ``link`` leads there."""

    tone: Tone
    text: str
    next: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select or a set of ticks. Options with the same ``group`` stand together under it."""

    value: str
    label: str
    group: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a form. ``error``: the sentence beside it after a refusal; ``value`` keeps what was typed."""

    name: str
    label: str
    kind: InputKind = InputKind.TEXT
    value: str = ""
    help: str = ""
    error: str = ""
    is_required: bool = False
    max_length: int | None = None
    choices: tuple[Choice, ...] = ()
    placeholder: str = ""
    accept: str = ""  # for files: ".json,.csv"
    is_single: bool = False  # one file only
    takes_paste: bool = False  # pictures pasted anywhere on the page are put here
    has_camera: bool = False  # a phone opens its camera, not its album


@dataclass(frozen=True, slots=True)
class ActionForm:
    """One thing that can be done, as a plain POST form with CSRF. Works without JavaScript.

    ``url``: where it posts. ``button``: the words on it. ``hidden``: name/value pairs, ``revision`` among them.
    ``opens``: when set, the form lies folded behind this sentence (a disclosure); else it is open.
    ``typed_word``: when set, the act cannot be undone: the reader types this word into the input ``typed``; the view
    must compare it again. ``warning``: the sentence that says what cannot be undone.
    """

    url: str
    button: str
    inputs: tuple[Input, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    opens: str = ""
    typed_word: str = ""
    warning: str = ""
    is_main: bool = False
    is_danger: bool = False
    has_files: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value: 「面额 · ¥200.00」. ``note`` is smaller, beneath."""

    label: str
    value: str
    note: str = ""
    tone: Tone = Tone.PLAIN
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a text: passed or not, and the sentence that says which. ``is_hint``: it stops nobody."""

    ok: bool
    text: str
    is_hint: bool = False


@dataclass(frozen=True, slots=True)
class Countdown:
    """Time left, right without JavaScript; JavaScript refreshes it each half minute from ``due_iso``.

    ``text``: 「还剩 17 小时 12 分」, 「已超时 3 小时」 or 「时限未知」. ``short``: 「17:12」, 「1天9时」, 「超时」,
    「未知」 for lists. ``due_iso``: ISO 8601 with zone, empty when unknown. ``tone``: PLAIN, WARN (within the
    margin), BAD (missed). ``shell.timing.countdown`` makes one.
    """

    text: str
    short: str
    due_iso: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a long list; an empty url means there is nothing that way."""

    text: str  # 「第 1–50 张，共 1,240 张」
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What a page says when it has nothing to show: what this place is, and the first steps."""

    title: str
    text: str
    steps: tuple[Link, ...] = ()
