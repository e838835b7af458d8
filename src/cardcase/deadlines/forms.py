"""What the hours page asks for: spans of each weekday, holidays, days of the shop's own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cardcase.kit.errors import WrongUse
from cardcase.shell.language import say
from cardcase.staff.forms import PlainForm

from .rules.hours import WEEKDAYS, Hours, read_days, read_spans, write_days

_LABELS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))


class HoursForm(PlainForm):
    """The shop's hours. An empty weekday is free; every weekday empty is refused."""

    follows_holidays = forms.BooleanField(
        label=_("法定节假日休息，调休日上班"),
        required=False,
        help_text=_("按国务院公布的放假安排。还没有公布的年份按平常日算，页面会标明。"),
    )
    closed = forms.CharField(
        label=_("本店休息的日子"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("例如 2027-02-05..2027-02-12 2027-05-01"),
    )
    opened = forms.CharField(
        label=_("本店加班的日子"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("节假日或周末也上班的日子；放假安排没公布时，调休日也写在这里。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put one line a weekday before the rest."""
        super().__init__(*args, **kwargs)
        days = {
            name: forms.CharField(label=label, required=False, max_length=120)
            for name, label in zip(WEEKDAYS, _LABELS, strict=True)
        }
        days["mon"].help_text = _("例如 09:00-12:00, 13:30-18:00；夜班写 22:00-02:00；全天写 00:00-24:00；不上班留空。")
        self.fields = {**days, **self.fields}

    @classmethod
    def of(cls, hours: Hours | None) -> "HoursForm":
        """Fill the form from the hours that hold; round the clock when there are none."""
        if hours is None:
            return cls(initial={**dict.fromkeys(WEEKDAYS, "00:00-24:00"), "follows_holidays": False})
        week = {name: ", ".join(map(str, hours.week[number])) for number, name in enumerate(WEEKDAYS)}
        own = {"closed": write_days(hours.closed), "opened": write_days(hours.opened)}
        return cls(initial={**week, **own, "follows_holidays": hours.follows_holidays})

    def clean(self) -> dict[str, Any]:
        """Read every line; each error stands beside its own."""
        data = super().clean() or {}
        read: dict[str, Any] = {}
        for name in (*WEEKDAYS, "closed", "opened"):
            try:
                read[name] = (read_spans if name in WEEKDAYS else read_days)(data.get(name, ""))
            except WrongUse as problem:
                self.add_error(name, say(problem.message))
        if not self.errors:
            try:
                data["hours"] = Hours(
                    week=tuple(read[name] for name in WEEKDAYS),
                    follows_holidays=bool(data.get("follows_holidays")),
                    closed=read["closed"],
                    opened=read["opened"],
                )
            except WrongUse as problem:
                self.add_error(None, say(problem.message))
        return data
