"""What the card pages show. ``cards/queries.py`` or the entrance fills these; ``jinja2/cards`` draws them.

Every ``str`` is a finished sentence or word in the reader's language. Codes appear only as their tail (「‥K4RT」).

Templates and their values
    cards/stock.html    StockPage     GET /cards/
    cards/batches.html  BatchesPage   GET /cards/batches/
    cards/card.html     CardPage      GET /cards/<public_id>/
    cards/reveal.html   RevealPage    POST answer to CardPage.reveal; never cached (Cache-Control: no-store)
"""

from dataclasses import dataclass

from cardcase.shell.parts import ActionForm, Choice, EmptyState, Fact, Link, Notice, Pager, Pill, Tone


@dataclass(frozen=True, slots=True)
class StockRow:
    """Stock of one brand and face value: 「苹果充值卡 ¥200.00」, 「58 张可售」; ``text``: 「已售 42 · 冻结 0」."""

    title: str
    count: str
    text: str = ""
    tone: Tone = Tone.PLAIN
    url: str = ""  # filters the list to it


@dataclass(frozen=True, slots=True)
class CardRow:
    """One card, masked. ``code``: 「‥K4RT」. ``face``: 「¥200.00」. ``order``: link to its order's case or None."""

    url: str
    code: str
    title: str
    face: str
    state: Pill
    batch: str = ""
    expires: str = ""
    when: str = ""  # 「11月20日 20:12 交给买家」


@dataclass(frozen=True, slots=True)
class StockPage:
    """卡库.

    ``filters``: choices of the select ``state``; ``query``: the tail or order number that was searched for;
    ``search_url``: where it is posted, as ``told``: a whole code may be among it, and codes never stand in an address;
    ``narrow_url``: where the filter asks (GET); ``keep``: further name/value pairs that it carries on.
    """

    stock: tuple[StockRow, ...] = ()
    rows: tuple[CardRow, ...] = ()
    filters: tuple[Choice, ...] = ()
    query: str = ""
    search_url: str = ""
    batches: Link | None = None
    pager: Pager | None = None
    notices: tuple[Notice, ...] = ()
    empty: EmptyState | None = None
    keep: tuple[tuple[str, str], ...] = ()
    narrow_url: str = ""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch with its provenance. ``provenance``: 「官方旗舰店 · 发票已存」; ``health``: 「已售 42，出错 1」."""

    title: str
    provenance: Pill
    facts: tuple[Fact, ...] = ()
    health: str = ""
    health_tone: Tone = Tone.PLAIN
    cards: Link | None = None
    quarantine: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class BatchesPage:
    """批次."""

    rows: tuple[BatchRow, ...] = ()
    stock: Link | None = None
    links: tuple[Link, ...] = ()
    empty: EmptyState | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One moment in a card's life: 「11月20日 20:12」, 「交给买家」, 「平台自动发货」."""

    time: str
    what: str
    detail: str = ""
    who: str = ""
    tone: Tone = Tone.PLAIN
    proof: ActionForm | None = None  # opens the kept file, with a reason, recorded


@dataclass(frozen=True, slots=True)
class CardPage:
    """One card: facts, history and what may be done with it. ``reveal``: look at the code, with a reason, recorded."""

    url: str
    title: str  # 「苹果充值卡 ¥200.00 ‥K4RT」
    state: Pill
    facts: tuple[Fact, ...] = ()
    provenance: tuple[Fact, ...] = ()
    paper: ActionForm | None = None  # opens the batch's receipt
    history: tuple[HistoryRow, ...] = ()
    reveal: ActionForm | None = None
    acts: tuple[ActionForm, ...] = ()
    cases: tuple[Link, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class RevealPage:
    """The code itself, once, under record. ``code`` is plain text; nothing of this page may be cached or logged."""

    title: str
    code: str
    number: str = ""
    recorded: str = ""  # 「已记录：王店 11月24日 12:03，理由：……」
    back: Link | None = None
