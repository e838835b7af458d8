"""What the settings pages ask for. Meaning is checked again by the verbs."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cardcase.kit.money import parse_yuan, yuan

from .models import Shop
from .rules import ROLE_TITLES, Role

_PRO: dict[str, bool | None] = {"unknown": None, "yes": True, "no": False}
_CHECK: dict[str, bool | None] = {"": None, "warn": False, "stop": True}


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

    reveal_cap = forms.IntegerField(
        label=_("每人每天最多看几个卡密"),
        min_value=0,
        max_value=10_000,
        required=False,
        help_text=_("到八成时写进保管链；超过要店主写明原因。"),
    )
    give_cap = forms.IntegerField(
        label=_("每人每天最多发几个卡密给买家"), min_value=0, max_value=10_000, required=False
    )
    large_value = forms.CharField(
        label=_("面值多少元起要两步验证"),
        max_length=12,
        required=False,
        help_text=_("看这样的卡密之前，要先用验证器应用或通行密钥验证。"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    low_stock = forms.IntegerField(label=_("一种卡剩几张时提醒补货"), min_value=0, max_value=10_000, required=False)
    least_validity_days = forms.IntegerField(
        label=_("有效期少于几天的卡不发"), min_value=0, max_value=3_650, required=False
    )
    check_minutes = forms.IntegerField(
        label=_("发卡前几分钟内查过余额才算新"),
        min_value=1,
        max_value=10_080,
        required=False,
        help_text=_("发卡那一刻有余额凭证，以后买家说余额不足时说得清。"),
    )
    check = forms.ChoiceField(
        label=_("没有新查验时"),
        choices=[("warn", _("提醒，可以照发")), ("stop", _("不能发，先查"))],
        required=False,
        help_text=_("领取页没有人在场：选“不能发”时，也不会自动出卡。"),
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
                "reveal_cap": shop.reveal_cap,
                "give_cap": shop.give_cap,
                "large_value": yuan(shop.large_value_fen).removeprefix("¥").replace(",", ""),
                "low_stock": shop.low_stock,
                "least_validity_days": shop.least_validity_days,
                "check_minutes": shop.check_minutes,
                "check": "stop" if shop.is_check_required else "warn",
            }
        )

    def clean_agent_limit(self) -> int:
        """Read yuan into 分."""
        return self._fen("agent_limit")

    def clean_large_value(self) -> int | None:
        """Read yuan into 分; nothing leaves it as it is."""
        return self._fen("large_value") if self.cleaned_data["large_value"] else None

    def clean_check(self) -> bool | None:
        """Read the two answers; nothing leaves it as it is."""
        return _CHECK[self.cleaned_data["check"]]

    def _fen(self, name: str) -> int:
        try:
            return parse_yuan(self.cleaned_data[name])
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
