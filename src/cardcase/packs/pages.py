"""Values of the pages of packs: preview and versions, the evidence of a case, covering, the refuse form."""

from dataclasses import dataclass

from cardcase.shell.parts import ActionForm, Check, Fact, Link, Notice, Pill


@dataclass(frozen=True, slots=True)
class Version:
    """One sealed version with what can be had of it."""

    title: str
    state: Pill
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence; ``picture`` is an address of what others would see of it."""

    label: str
    title: str
    pills: tuple[Pill, ...]
    facts: tuple[Fact, ...]
    picture: str = ""
    link: Link | None = None
    acts: tuple[ActionForm, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: what, where it stands, and what can be done about it."""

    title: str
    pill: Pill | None
    text: str
    acts: tuple[ActionForm, ...] = ()
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class PacksPage:
    """What would be sealed now, how it is staged, how it is sealed and handed in, and every version there was."""

    number: str
    back: Link
    notices: tuple[Notice, ...]
    sums: tuple[Fact, ...]
    going: tuple[Line, ...]
    withheld: tuple[Line, ...]
    leaks: tuple[Line, ...]
    gaps: tuple[str, ...]
    clashes: tuple[str, ...]
    looked: ActionForm | None
    stage: ActionForm | None
    letter: tuple[str, ...]
    seal: ActionForm | None
    seal_blocked: str
    submit: ActionForm | None
    versions: tuple[Version, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ExhibitsPage:
    """The evidence of a case: every piece, the checklist for the claim, contradictions, gaps, what is covered."""

    number: str
    back: Link
    notices: tuple[Notice, ...]
    claim: str
    pieces: tuple[Piece, ...]
    needs: tuple[Line, ...]
    clashes: tuple[str, ...]
    gaps: tuple[str, ...]
    against: tuple[str, ...]
    covers: tuple[Line, ...]
    cover_words: ActionForm | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CoverPicture:
    """One page of an exhibit to mark on: its address and size in pixels, and the rectangles that stand on it."""

    number: int
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CoverPage:
    """Marking what is covered on an exhibit."""

    number: str
    back: Link
    title: str
    notices: tuple[Notice, ...]
    pictures: tuple[CoverPicture, ...]
    url: str
    areas: str
    reason: str
    can_cover: bool
    earlier: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FormPicture:
    """One picture for the refuse form."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """The refuse form: reasons, words with their counter and checks, pictures to save and upload in the App."""

    number: str
    back: Link
    notices: tuple[Notice, ...]
    url: str
    reasons: tuple[tuple[str, bool], ...]
    words: str
    limit: int
    length_text: str
    checks: tuple[Check, ...]
    pictures: tuple[FormPicture, ...]
    pictures_note: str
    decide: Link
