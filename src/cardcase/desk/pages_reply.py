"""Values of the box in which a reply is written; what each page shows is listed in ``pages``."""

from dataclasses import dataclass

from cardcase.shell.parts import Check, Fact, Link


@dataclass(frozen=True, slots=True)
class ReplyChecks:
    """What is said about the words of a reply while they are typed.

    ``marked``: the words in pieces, and whether a piece fails a check; empty when none does. ``whys``: for each place
    that fails, why it harms. ``better``: the whole reply put well, empty when that cannot be done.
    """

    checks: tuple[Check, ...]
    marked: tuple[tuple[str, bool], ...] = ()
    whys: tuple[Fact, ...] = ()
    better: str = ""


@dataclass(frozen=True, slots=True)
class DraftBox:
    """回复草稿: a person sends it on the channel; Cardcase only notes that it was sent.

    ``text`` is what stands in the box (the person's own words win over the composed draft). ``length_text``: 「91 /
    200」. ``save_url``/``sent_url``: where the two buttons post; empty hides the button. ``sent_blocked``: why it
    cannot be marked as sent now (「先确认原因」); then the button is shown switched off with this sentence.
    ``filled``: what was put into the suggestion and where it comes from; ``missing``: what would make it fuller;
    ``others``: pages that suggest it in another wording or form.
    ``check_url``: htmx checks while typing; empty switches that off. ``sent_texts``: what went out before, one
    sentence each.
    """

    text: str
    limit: int
    length_text: str
    checks: tuple[Check, ...] = ()
    save_url: str = ""
    sent_url: str = ""
    sent_blocked: str = ""
    check_url: str = ""
    note: str = ""  # 「模板 reply.a1.ask · 只供参考，请改成你的话」
    meaning: str = ""  # what the suggestion says, for a reader of another language than the buyer's
    detail: ReplyChecks | None = None
    suggest_url: str = ""  # where the model is asked; empty while none is set up
    filled: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    others: tuple[Link, ...] = ()
    sent_texts: tuple[str, ...] = ()
