"""What the import pages show. ``intake/web.py`` fills these; the templates in ``jinja2/intake`` draw them.

Every ``str`` is a finished sentence in the reader's language. No card code ever stands in a report.

Templates and their values
    intake/import.html    ImportPage     GET  /import/
    intake/preview.html   ReportPage     POST /import/ with dry_run (nothing was changed yet)
    intake/report.html    ReportPage     GET  /import/<run>/ (what became of it)

The form posts to ``form_url`` as multipart: ``files`` (many), ``paste`` (text), ``kind`` (auto, orders, refunds, chat,
cards, …), ``batch`` (name of the card batch, optional), ``all_or_nothing`` (a tick), and the button pressed: ``act`` =
``preview`` or ``import``.
A browser cannot send the same files twice without the reader choosing them again, so the preview keeps the uploaded
bytes sealed for a short while and ``ReportPage.confirm`` posts only their key. What is large is read and imported as a
job: the report page then shows ``ReportPage.progress`` and asks again every two seconds.
"""

from dataclasses import dataclass

from cardcase.shell.parts import ActionForm, Choice, Link, Notice, Tone


@dataclass(frozen=True, slots=True)
class RunRow:
    """One earlier import: 「11月24日 12:03 · 王店」, 「3 个文件 · 新 128 · 拒收 2」."""

    url: str
    head: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class ImportPage:
    """导入. ``kinds``: what a file can be, first 「自动识别」. ``accepts``: one sentence per kind, what is understood.

    ``paste``: what was typed, kept after a refusal. ``limits``: 「每次最多 50 个文件，每个 32 MB，一共 64 MB。」
    """

    form_url: str
    kinds: tuple[Choice, ...]
    accepts: tuple[tuple[str, str], ...] = ()  # (「订单与退款」, 「闲管家 JSON、CSV、XLSX …」)
    limits: str = ""
    paste: str = ""
    batch: str = ""
    notices: tuple[Notice, ...] = ()
    recent: tuple[RunRow, ...] = ()
    may_import: bool = True


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that was not taken.

    ``row``: 「第 3 行」; ``column``: 「订单号」; ``reason`` and ``next`` are sentences.
    """

    row: str
    column: str
    reason: str
    next: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. ``kind``: 「订单」; ``encoding``: 「GB18030」; counts are written numbers."""

    name: str
    kind: str
    encoding: str
    new: str
    known: str
    changed: str
    refused_count: str
    refused: tuple[RefusedRow, ...] = ()
    refused_more: str = ""  # 「另有 240 行，见导出」 when the list is cut
    has_refusals: bool = False
    samples: tuple[str, ...] = ()  # preview only: a few rows as they were understood, masked


@dataclass(frozen=True, slots=True)
class CardKind:
    """Cards of one kind: 「京东E卡」, 「¥100.00」, 「格式相符」, 「128」."""

    name: str
    face: str
    format: str
    count: str


@dataclass(frozen=True, slots=True)
class CardAccount:
    """What came in the card files. ``doubles``: 「a.csv 第 7 行 和 a.csv 第 3 行 是同一张卡」; ``doubles_head`` counts.

    ``warnings``: pairs of the sentence and where, 「3 张：第 4、9、12 行」.
    """

    kinds: tuple[CardKind, ...]
    doubles: tuple[str, ...] = ()
    doubles_head: str = ""
    doubles_more: str = ""
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: where to ask again, what to say, and ``done`` of ``total`` rows (0 while not known)."""

    url: str
    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The report over all files.

    ``summary``: 「新 128 · 已有 12 · 有变化 3 · 拒收 2」. ``outcome``: what it led to, such as 「开了 3 个售后单」.
    ``confirm``: 「导入」 after a dry run. ``cases``: the cases opened or changed.
    """

    title: str
    summary: str
    files: tuple[FileReport, ...]
    outcome: str = ""
    is_dry_run: bool = False
    confirm: ActionForm | None = None
    cases: tuple[Link, ...] = ()
    again_url: str = ""
    notices: tuple[Notice, ...] = ()
    progress: Progress | None = None
    cards: CardAccount | None = None
