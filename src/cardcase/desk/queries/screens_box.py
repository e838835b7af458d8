"""Screenshots on the page of a case: where they come in, and what waits to be looked over."""

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.desk import pages
from cardcase.intake import present_screens
from cardcase.kit.text import Text
from cardcase.screens import queries
from cardcase.shell.language import say
from cardcase.shell.parts import Link
from cardcase.staff.rules import Actor, Permission


def screens_box(actor: Actor, case: Case) -> pages.ScreensBox | None:
    """Return the box, None when there is nothing to see and nothing to do for this actor."""
    states = {
        queries.READING: Text("截图正在识别", "Screenshots are being read"),
        queries.WAITING: Text("截图待核对", "Screenshots wait to be looked over"),
    }
    waiting = tuple(
        Link(say(states[row.state]), reverse("capture", args=[row.public_id])) for row in queries.of_case(actor, case)
    )
    form = present_screens.upload(case=case.number, is_folded=True) if actor.may(Permission.IMPORT) else None
    return pages.ScreensBox(form, waiting) if form or waiting else None
