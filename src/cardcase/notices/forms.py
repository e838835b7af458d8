"""What the page of notices asks for. Meaning is checked again by the verbs."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cardcase.staff.forms import PlainForm

from .queries import TargetView
from .rules import EVENT_TITLES, KIND_TITLES, SCOPE_TITLES, Scope, TargetKind
from .rules.alarms import CHOICES, DEFAULT_EVENTS
from .service import TargetWish


def _say(text: Any) -> str:
    return str(text.say(get_language() or "zh-hans"))


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, _say(title)) for kind, title in KIND_TITLES.items()]


def _events() -> list[tuple[str, str]]:
    return [(event.value, _say(EVENT_TITLES[event])) for event in CHOICES]


def _scopes() -> list[tuple[str, str]]:
    return [(scope.value, _say(title)) for scope, title in SCOPE_TITLES.items()]


class TargetForm(PlainForm):
    """What a target is told."""

    name = forms.CharField(label=_("名字"), max_length=80, help_text=_("例如：值班群、老板手机。"))
    address = forms.CharField(
        label=_("地址"),
        max_length=1000,
        required=False,
        help_text=_("粘贴对方给的地址或钥匙；邮件写邮箱。只加密保存，不再显示。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_("密钥（没有就不填）"),
        max_length=200,
        required=False,
        help_text=_("钉钉、飞书的加签密钥，邮箱的授权码，Webhook 的签名密钥。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=_("什么时候告诉"),
        choices=_events,
        initial=[event.value for event in DEFAULT_EVENTS],
        widget=forms.CheckboxSelectMultiple,
    )
    scope = forms.ChoiceField(label=_("哪些时限"), choices=_scopes, initial=Scope.OURS.value)
    quiet = forms.CharField(
        label=_("免打扰时段（没有就不填）"),
        max_length=80,
        required=False,
        help_text=_("例如 22:30-08:00，几段用逗号分开。平台快到期和已错过的照样会响。"),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("语言"), choices=[("zh-hans", "简体中文"), ("en", "English")])
    shows_nick = forms.BooleanField(
        label=_("写上买家昵称（只留首尾一个字）"), required=False, widget=forms.CheckboxInput(attrs={"class": "alone"})
    )

    @property
    def wish(self) -> TargetWish:
        """Return what was asked for."""
        data = self.cleaned_data
        return TargetWish(
            name=data["name"],
            events=data["events"],
            scope=data["scope"],
            quiet=data["quiet"],
            language=data["language"],
            shows_nick=data["shows_nick"],
        )

    @classmethod
    def of(cls, view: TargetView) -> "TargetForm":
        """Fill the form from a target; its address is not shown again."""
        form = cls(
            initial={
                "name": view.name,
                "events": [event.value for event in view.events],
                "scope": view.scope.value,
                "quiet": view.quiet,
                "language": view.language,
                "shows_nick": view.shows_nick,
            }
        )
        form.fields["address"].help_text = _("不填就不变。只加密保存，不再显示。")
        return form


class NewTargetForm(TargetForm):
    """A new target."""

    kind = forms.ChoiceField(label=_("发到哪里"), choices=_kinds, initial=TargetKind.DINGTALK.value)
    field_order = ("kind", "name", "address", "secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].required = True


class LinkForm(PlainForm):
    """What the calendar may show."""

    shows_nick = forms.BooleanField(label=_("写上买家昵称（只留首尾一个字）"), required=False)
