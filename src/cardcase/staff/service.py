"""Verbs about shops, people and tokens. One-time passwords and tokens are returned once and never kept in clear.

This room lies beneath the record (custody), so what happens here is not written there; who has which role when is told
by the record entries themselves, each of which carries its actor and role.
"""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.text import Text

from .models import ApiToken, Membership, Shop, Staff
from .queries import token_digest
from .rules import Actor, Permission, Role

TOKEN_PREFIX: Final = "cct_"  # noqa: S105 - lets scanners and people recognise a leaked token
_TOKEN_BYTES: Final = 32
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread on paper
_PASSWORD_GROUPS: Final = 4
_PASSWORD_GROUP: Final = 4  # 16 characters of 31: 79 bits
_TOUCH_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person just made, with the password that is shown once and must be changed at the first sign-in."""

    id: int
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CustodyLimits:
    """What a shop sets for its cards; None leaves a value as it is. Fields as in ``models.Shop``."""

    reveal_cap: int | None = None
    give_cap: int | None = None
    large_value_fen: int | None = None
    low_stock: int | None = None
    least_validity_days: int | None = None
    check_minutes: int | None = None
    is_check_required: bool | None = None


UNCHANGED: Final = CustodyLimits()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; ``plain`` is shown once."""

    id: int
    plain: str = field(repr=False)


@transaction.atomic
def create_shop(*, name: str, slug: str = "", at: datetime) -> Shop:
    """Open a shop. Raises WrongUse without a name, Refused when the slug is taken."""
    name = name.strip()
    if not name:
        raise WrongUse("店铺要有名称", "A shop needs a name")
    slug = slug or slugify(name)[:40] or f"shop-{secrets.token_hex(3)}"
    if Shop.objects.filter(slug=slug).exists():
        raise Refused(f"店铺代号 {slug} 已被使用", f"The slug {slug} is taken", code="slug_taken", slug=slug)
    return Shop.objects.create(name=name, slug=slug, created_at=at)


@transaction.atomic
def create_staff(actor: Actor, *, username: str, role: Role, at: datetime) -> NewStaff:
    """Make an account in the actor's shop. Its password is returned once; the person must change it on first use.

    Raises WrongUse for a name that cannot be one, Refused when it is taken.
    """
    actor.require(Permission.MANAGE_SHOP)
    username = username.strip()
    try:
        Staff.username_validator(username)
    except ValidationError as error:
        raise WrongUse(
            "用户名只能用文字、数字和 @ . + - _",
            "A name may hold letters, digits and @ . + - _ only",
            code="bad_username",
        ) from error
    if Staff.objects.filter(username__iexact=username).exists():
        raise Refused(
            f"用户名 {username} 已被使用",
            f"The name {username} is taken",
            next=Text(
                "换一个名字；同一个人要进另一家店，用“加入已有员工”。", "Take another, or add the existing person."
            ),
            code="username_taken",
        )
    password = one_time_password()
    person = Staff(username=username, must_change_password=True, date_joined=at)
    person.set_password(password)
    person.save()
    Membership.objects.create(shop_id=actor.shop_id, staff=person, role=role.value)
    return NewStaff(person.pk, username, password)


@transaction.atomic
def add_staff(actor: Actor, *, username: str, role: Role, at: datetime) -> None:
    """Let an existing person work in the actor's shop too. Only somebody whom the actor already owns another shop with.

    Raises NotFound otherwise, so that names of other shops' people cannot be tried out.
    """
    del at
    actor.require(Permission.MANAGE_SHOP)
    person = (
        Staff.objects.filter(username=username.strip(), memberships__shop_id__in=_owned_shops(actor)).distinct().first()
    )
    if person is None:
        raise NotFound(
            "在你的其他店铺里没有这个人",
            "There is no such person in your other shops",
            next=Text("新的人请用“新建员工”。", "Make a new account instead."),
        )
    if Membership.objects.filter(shop_id=actor.shop_id, staff=person).exists():
        raise Refused("这个人已在本店", "This person already belongs to the shop", code="already_member")
    Membership.objects.create(shop_id=actor.shop_id, staff=person, role=role.value)


@transaction.atomic
def set_role(actor: Actor, *, staff_id: int, role: Role, at: datetime) -> None:
    """Change the role of somebody in the actor's shop. Raises Refused for the last owner."""
    del at
    actor.require(Permission.MANAGE_SHOP)
    member = _member(actor, staff_id)
    if member.as_role is Role.OWNER and role is not Role.OWNER:
        _keep_an_owner(actor, staff_id)
    member.role = role.value
    member.save(update_fields=["role"])


@transaction.atomic
def remove_staff(actor: Actor, *, staff_id: int, at: datetime) -> None:
    """Take somebody out of the actor's shop and revoke their tokens there. What they did stays in the record."""
    actor.require(Permission.MANAGE_SHOP)
    member = _member(actor, staff_id)
    if member.as_role is Role.OWNER:
        _keep_an_owner(actor, staff_id)
    ApiToken.objects.filter(shop_id=actor.shop_id, staff_id=staff_id, revoked_at=None).update(revoked_at=at)
    member.delete()


@transaction.atomic
def reset_password(actor: Actor, *, staff_id: int, at: datetime) -> NewStaff:
    """Give somebody a new one-time password; it ends all their sessions.

    Raises Refused when the person also works in a shop that the actor does not own: that would be a way into it.
    """
    del at
    actor.require(Permission.MANAGE_SHOP)
    member = _member(actor, staff_id)
    theirs = set(Membership.objects.filter(staff_id=staff_id).values_list("shop_id", flat=True))
    if theirs - _owned_shops(actor):
        raise Refused(
            "这个人也在别人的店铺工作，不能由你重置密码",
            "This person also works in a shop that is not yours",
            next=Text("在服务器上运行 cardcase user 重置。", "Reset it with cardcase user on the server."),
            code="not_your_person",
        )
    person = member.staff
    password = one_time_password()
    person.set_password(password)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password"])
    return NewStaff(person.pk, person.username, password)


@transaction.atomic
def update_shop(
    actor: Actor,
    *,
    name: str,
    default_response_hours: int,
    agent_limit_fen: int,
    is_pro: bool | None,
    at: datetime,
    custody: CustodyLimits = UNCHANGED,
) -> Shop:
    """Change what the shop is called, its defaults and its limits. Raises WrongUse for values that make no sense."""
    del at
    actor.require(Permission.MANAGE_SHOP)
    if not name.strip():
        raise WrongUse("店铺要有名称", "A shop needs a name")
    if not 1 <= default_response_hours <= 30 * 24:
        raise WrongUse("默认处理时限要在 1 到 720 小时之间", "Default hours must lie between 1 and 720")
    if agent_limit_fen < 0:
        raise WrongUse("客服额度不能是负数", "The agents' limit cannot be negative")
    shop = Shop.objects.select_for_update().get(pk=actor.shop_id)
    shop.name = name.strip()[:80]
    shop.default_response_hours = default_response_hours
    shop.agent_limit_fen = agent_limit_fen
    shop.is_pro = is_pro
    told = {name: value for name, value in asdict(custody).items() if value is not None}
    if any(value < 0 for value in told.values()):
        raise WrongUse("上限和库存提醒不能是负数", "Limits cannot be negative")
    for name_of, value in told.items():
        setattr(shop, name_of, value)
    shop.save(update_fields=["name", "default_response_hours", "agent_limit_fen", "is_pro", *told])
    return shop


@transaction.atomic
def create_token(actor: Actor, *, label: str, role: Role, at: datetime) -> NewToken:
    """Make an API token of the actor's shop. Only its SHA-256 is kept."""
    actor.require(Permission.MANAGE_SHOP)
    label = label.strip()
    if not label:
        raise WrongUse("请写明令牌给谁用", "Say what the token is for")
    if actor.staff_id is None:
        raise Refused("令牌要由一个员工来建", "A token is made by a member of staff", code="no_person")
    plain = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    row = ApiToken.objects.create(
        shop_id=actor.shop_id,
        staff_id=actor.staff_id,
        label=label[:80],
        role=role.value,
        token_sha256=token_digest(plain),
        created_at=at,
    )
    return NewToken(row.pk, plain)


@transaction.atomic
def revoke_token(actor: Actor, *, token_id: int, at: datetime) -> None:
    """End a token of the actor's shop at once. Revoking it again changes nothing."""
    actor.require(Permission.MANAGE_SHOP)
    mine = ApiToken.objects.filter(shop_id=actor.shop_id, pk=token_id)
    if not mine.filter(revoked_at=None).update(revoked_at=at) and not mine.exists():
        raise NotFound("没有这个令牌", "There is no such token")


def touch_token(token: str, *, at: datetime) -> None:
    """Note that a token was used, at most each five minutes: reading must not cost a write a time."""
    rows = ApiToken.objects.filter(token_sha256=token_digest(token))
    (rows.filter(last_used_at=None) | rows.filter(last_used_at__lt=at - _TOUCH_EVERY)).update(last_used_at=at)


def one_time_password() -> str:
    """Make a password to be read out or written down once."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_GROUP)) for _ in range(_PASSWORD_GROUPS))


def _member(actor: Actor, staff_id: int) -> Membership:
    member = (
        Membership.objects.select_for_update(of=("self",))
        .filter(shop_id=actor.shop_id, staff_id=staff_id)
        .select_related("staff")
        .first()
    )
    if member is None:
        raise NotFound("本店没有这个人", "There is no such person in this shop")
    return member


def _owned_shops(actor: Actor) -> set[int]:
    rows = Membership.objects.filter(staff_id=actor.staff_id or 0, role=Role.OWNER.value)
    return {actor.shop_id, *rows.values_list("shop_id", flat=True)}


def _keep_an_owner(actor: Actor, staff_id: int) -> None:
    owners = Membership.objects.select_for_update().filter(shop_id=actor.shop_id, role=Role.OWNER.value)
    if not [owner for owner in owners if owner.staff_id != staff_id]:
        raise Refused(
            "每家店至少要有一位店主",
            "A shop must keep at least one owner",
            next=Text("先让另一个人成为店主。", "Make somebody else an owner first."),
            code="last_owner",
        )
