"""Settings: the shop, its people, its tokens, one's own security, and what runs here."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cardcase.kit import clock
from cardcase.kit.errors import Problem

from . import queries, service
from .forms import RoleForm, ShopForm, StaffForm, TokenForm, role_choices
from .gate import refusal, signed_in
from .rules import ROLE_TITLES, Actor, Permission, Role

READ_OR_WRITE: Final = ["GET", "HEAD", "POST"]


@require_GET
@signed_in
def settings_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what can be set, and by whom."""
    shop = queries.shop_of(actor)
    page = {
        "shop": shop,
        "may_manage": actor.may(Permission.MANAGE_SHOP),
        "may_notify": actor.may(Permission.NOTIFY),
        "may_judge": actor.may(Permission.INSIGHT),
        "role": _title(actor.role),
        "label": actor.label,
        "version": version("cardcase"),
        "database": _database(),
    }
    return render(request, "staff/settings.html", {"page": page})


@require_http_methods(READ_OR_WRITE)
@signed_in
def shop_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show and change the shop's defaults."""
    actor.require(Permission.MANAGE_SHOP)
    form = ShopForm(request.POST) if request.method == "POST" else ShopForm.of(queries.shop_of(actor))
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        service.update_shop(
            actor,
            name=data["name"],
            default_response_hours=data["default_response_hours"],
            agent_limit_fen=data["agent_limit"],
            is_pro=data["is_pro"],
            custody=service.CustodyLimits(
                reveal_cap=data["reveal_cap"],
                give_cap=data["give_cap"],
                large_value_fen=data["large_value"],
                low_stock=data["low_stock"],
                least_validity_days=data["least_validity_days"],
                check_minutes=data["check_minutes"],
                is_check_required=data["check"],
            ),
            at=clock.now(),
        )
        messages.success(request, _("店铺设置已保存。"))
        return redirect("settings_shop")
    return render(request, "staff/shop.html", {"page": {"form": form}}, status=_status(form))


@require_GET
@signed_in
def staff_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the people of the shop."""
    actor.require(Permission.MANAGE_SHOP)
    return _staff(request, actor, StaffForm())


@require_POST
@never_cache
@signed_in
def staff_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make an account and show its one-time password, once."""
    form = StaffForm(request.POST)
    if not form.is_valid():
        return _staff(request, actor, form, status=422)
    name, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
    try:
        if request.POST.get("act") == "add":
            service.add_staff(actor, username=name, role=role, at=clock.now())
            messages.success(request, _("已加入本店。"))
            return redirect("settings_staff")
        made = service.create_staff(actor, username=name, role=role, at=clock.now())
    except Problem as problem:
        form.add_error("username", _sentence(problem))
        return _staff(request, actor, form, status=problem.status)
    return _secret(
        request,
        title=_("账号已建好"),
        label=_("%(name)s 的一次性密码") % {"name": made.username},
        secret=made.password,
        hint=_("只显示这一次。请当面或用可靠的方式交给本人；首次登录时必须改掉。"),
        back="settings_staff",
    )


@require_POST
@signed_in
def staff_role(request: HttpRequest, actor: Actor, staff_id: int) -> HttpResponseBase:
    """Change somebody's role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _staff(request, actor, StaffForm(), status=422)
    role = Role(form.cleaned_data["role"])
    return _act(
        request,
        lambda: service.set_role(actor, staff_id=staff_id, role=role, at=clock.now()),
        said=_("角色已改。"),
        back="settings_staff",
    )


@require_POST
@signed_in
def staff_remove(request: HttpRequest, actor: Actor, staff_id: int) -> HttpResponseBase:
    """Take somebody out of the shop; their name is typed to confirm."""
    row = next((row for row in queries.staff_of_shop(actor) if row.id == staff_id), None)
    if row is not None and request.POST.get("typed", "").strip() != row.username:
        messages.error(request, _("没有移出：输入的用户名不一致。"))
        return redirect("settings_staff")
    return _act(
        request,
        lambda: service.remove_staff(actor, staff_id=staff_id, at=clock.now()),
        said=_("已移出本店，此人的令牌同时失效。"),
        back="settings_staff",
    )


@require_POST
@never_cache
@signed_in
def staff_password(request: HttpRequest, actor: Actor, staff_id: int) -> HttpResponse:
    """Give somebody a new one-time password."""
    made = service.reset_password(actor, staff_id=staff_id, at=clock.now())
    return _secret(
        request,
        title=_("密码已重置"),
        label=_("%(name)s 的一次性密码") % {"name": made.username},
        secret=made.password,
        hint=_("只显示这一次。此人的所有登录已结束，首次登录时必须改密码。"),
        back="settings_staff",
    )


@require_GET
@signed_in
def tokens_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the shop's API tokens."""
    return _tokens(request, actor, TokenForm())


@require_POST
@never_cache
@signed_in
def token_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a token and show it, once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _tokens(request, actor, form, status=422)
    role = Role(form.cleaned_data["role"])
    made = service.create_token(actor, label=form.cleaned_data["label"], role=role, at=clock.now())
    return _secret(
        request,
        title=_("令牌已建好"),
        label=_("访问令牌"),
        secret=made.plain,
        hint=_("只显示这一次，我们只保存它的摘要。用法：请求头 Authorization: Bearer 加令牌。"),
        back="settings_tokens",
    )


@require_POST
@signed_in
def token_revoke(request: HttpRequest, actor: Actor, token_id: int) -> HttpResponseBase:
    """End a token."""
    return _act(
        request,
        lambda: service.revoke_token(actor, token_id=token_id, at=clock.now()),
        said=_("令牌已停用。"),
        back="settings_tokens",
    )


@require_POST
@signed_in
def switch_shop(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - any member may turn
    """Turn to another of one's shops."""
    chosen = request.POST.get("shop", "")
    if chosen in {str(member.shop_id) for member in queries.memberships_for(request)}:
        request.session[queries.SHOP_KEY] = int(chosen)
    back = request.POST.get("next", "/")
    # A case of one shop is nobody's business in another: only lists are gone back to.
    is_list = back in ("/", "/cards/", "/import/", "/settings/")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_list and is_ours else "/")


@require_GET
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Say who gives a new password: nobody needs an e-mail address here, so none is sent."""
    return render(request, "account/password_reset.html")


def no_email(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - nothing is asked
    """Lead away from allauth's e-mail page: Cardcase keeps no addresses of its staff."""
    return redirect("settings")


def _staff(request: HttpRequest, actor: Actor, form: StaffForm, *, status: int = 200) -> HttpResponse:
    rows = [(row, _title(row.role), _moment(row.last_login)) for row in queries.staff_of_shop(actor)]
    page = {"rows": rows, "form": form, "roles": role_choices()}
    return render(request, "staff/staff.html", {"page": page}, status=status)


def _tokens(request: HttpRequest, actor: Actor, form: TokenForm, *, status: int = 200) -> HttpResponse:
    rows = [
        (row, _title(row.role), _moment(row.created_at), _moment(row.last_used_at))
        for row in queries.tokens_of_shop(actor)
    ]
    return render(request, "staff/tokens.html", {"page": {"rows": rows, "form": form}}, status=status)


def _secret(request: HttpRequest, *, title: str, label: str, secret: str, hint: str, back: str) -> HttpResponse:
    page = {"title": title, "label": label, "secret": secret, "hint": hint, "back": back}
    response = render(request, "staff/secret.html", {"page": page})
    response["Cache-Control"] = "no-store"
    return response


def _act(request: HttpRequest, verb: Callable[[], None], *, said: str, back: str) -> HttpResponseBase:
    try:
        verb()
    except Problem as problem:
        return refusal(request, problem)
    messages.success(request, said)
    return redirect(back)


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200


def _sentence(problem: Problem) -> str:
    language = get_language() or "zh-hans"
    return " ".join(part for part in (problem.message.say(language), problem.next.say(language)) if part)


def _title(role: Role | None) -> str:
    return ROLE_TITLES[role].say(get_language() or "zh-hans") if role else ""


def _moment(moment: Any) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else ""


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        row = cursor.fetchone()
    return f"{connection.display_name} {row[0] if row else ''}"
