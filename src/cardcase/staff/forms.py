"""What the settings pages ask for. Meaning is checked again by the verbs."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cardcase.kit.money import parse_yuan, yuan

from .models import Shop
from .rules import ROLE_TITLES, Role

_PRO: dict[str, bool | None] = {"unknown": None, "yes": True, "no": False}


def role_choices() -> list[tuple[str, str]]:
    """List the roles in the reader's language."""
    return [(role.value, title.say(get_language() or "zh-hans")) for role, title in ROLE_TITLES.items()]


class PlainForm(forms.Form):
    """Base of our forms: no colon after labels, errors beside their input, nothing focused by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class ShopForm(PlainForm):
    """The shop's name and its defaults."""

    name = forms.CharField(label=_("店铺名称"), max_length=80)
    default_response_hours = forms.IntegerField(
        label=_("默认处理时限（小时）"),
        min_value=1,
        max_value=720,
        help_text=_("平台没有告诉时限、规则也不知道时才用它。页面会标明“未证实”。"),
    )
    agent_limit = forms.CharField(
        label=_("客服可自行让步的额度（元）"),
        max_length=12,
        help_text=_("超过的要主管或店主来决定。"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    is_pro = forms.ChoiceField(
        label=_("鱼小铺"),
        choices=[("unknown", _("不清楚")), ("yes", _("是")), ("no", _("不是"))],
        help_text=_("鱼小铺适用的平台规则不同。"),
    )

    @classmethod
    def of(cls, shop: Shop) -> "ShopForm":
        """Fill the form from a shop."""
        pro = next(word for word, value in _PRO.items() if value is shop.is_pro)
        return cls(
            initial={
                "name": shop.name,
                "default_response_hours": shop.default_response_hours,
                "agent_limit": yuan(shop.agent_limit_fen).removeprefix("¥"),
                "is_pro": pro,
            }
        )

    def clean_agent_limit(self) -> int:
        """Read yuan into 分."""
        try:
            return parse_yuan(self.cleaned_data["agent_limit"])
        except ValueError as error:
            raise forms.ValidationError(_("请写成金额，例如 50 或 49.90。")) from error

    def clean_is_pro(self) -> bool | None:
        """Read the three answers."""
        return _PRO[self.cleaned_data["is_pro"]]


class RoleForm(PlainForm):
    """A role."""

    role = forms.ChoiceField(label=_("角色"), choices=role_choices, initial=Role.AGENT.value)


class StaffForm(RoleForm):
    """A new or existing person, and what they are to be."""

    username = forms.CharField(
        label=_("用户名"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    field_order = ("username", "role")


class TokenForm(RoleForm):
    """A new token."""

    label = forms.CharField(label=_("给谁用"), max_length=80, help_text=_("例如：发货脚本、数据看板。"))
    field_order = ("label", "role")
