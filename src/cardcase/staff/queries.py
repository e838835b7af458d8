"""Who is here: the shops of a person, the people of a shop, the actor of a request or of a token."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound
from cardcase.kit.text import Text

from .models import ApiToken, Membership, Shop, Staff
from .rules import Actor, ActorKind, Permission, Role, narrower

if TYPE_CHECKING:
    from django.db.models import QuerySet

SHOP_KEY: Final = "shop"  # of the session: the shop that the person turned to last
FRESH_FACTOR: Final = timedelta(minutes=5)
"""How long a second factor counts as just shown: the time that allauth gives a re-authentication."""
_CACHE: Final = "_cardcase_memberships"


def person_of(request: HttpRequest) -> Staff | None:
    """Return who is signed in, None when nobody is."""
    user = getattr(request, "user", None) or AnonymousUser()
    return user if isinstance(user, Staff) and user.is_active else None


def name_of(request: HttpRequest) -> str:
    """Return the name under which the signed-in person is shown, empty when nobody is."""
    person = person_of(request)
    return label_of(person) if person else ""


def label_of(person: Staff) -> str:
    """Return how a person is called on screen and in the record."""
    return f"{person.last_name}{person.first_name}".strip() or person.username


@dataclass(frozen=True, slots=True)
class Member:
    """What the signed-in person is in one shop, as far as a page needs to know."""

    shop_id: int
    shop_name: str
    as_role: Role


@cache
def _memberships() -> "QuerySet[Membership, tuple[int, str, str]]":
    """Return the query of every page, of nobody yet and never answered: filtering makes the copy that is."""
    return Membership.objects.order_by("shop_id").values_list("shop_id", "shop__name", "role")


def memberships_for(request: HttpRequest) -> tuple[Member, ...]:
    """Return the memberships of the signed-in person, with their shops; asked once per request."""
    person = person_of(request)
    if person is None:
        return ()
    known: tuple[Member, ...] | None = getattr(request, _CACHE, None)
    if known is None:
        rows = _memberships().filter(staff_id=person.pk)
        known = tuple(Member(shop_id, name, Role(role)) for shop_id, name, role in rows)
        setattr(request, _CACHE, known)
    return known


def membership_for(request: HttpRequest) -> Member | None:
    """Return the membership in the shop that the person works in now: the one chosen, else the first."""
    members = memberships_for(request)
    chosen = request.session.get(SHOP_KEY) if hasattr(request, "session") else None
    return next((member for member in members if member.shop_id == chosen), members[0] if members else None)


def has_fresh_factor(request: HttpRequest, person: Staff) -> bool:
    """Tell whether a person showed a second factor (authenticator, recovery code, passkey) minutes ago at most."""
    oldest = clock.now().timestamp() - FRESH_FACTOR.total_seconds()
    return any(
        record.get("method") == "mfa" and float(record.get("at", 0)) >= oldest
        for record in get_authentication_records(request, person)
    )


def actor_for(request: HttpRequest) -> Actor:
    """Return the actor of a request: the signed-in person in the shop they work in.

    Raises NotAllowed when nobody is signed in or the person belongs to no shop.
    """
    person, member = person_of(request), membership_for(request)
    if person is None or member is None:
        raise NotAllowed(
            "你还不属于任何店铺",
            "You belong to no shop",
            next=Text("请店主在“设置 › 员工”里把你加进来。", "Ask the owner to add you under Settings › Staff."),
            code="no_membership",
        )
    return Actor(
        ActorKind.STAFF,
        member.shop_id,
        member.as_role,
        person.pk,
        label_of(person),
        is_proven=has_fresh_factor(request, person),
    )


def actor_of(shop_slug: str, username: str) -> Actor:
    """Return the actor for a named person in a named shop, for the command line. Raises NotFound."""
    member = (
        Membership.objects.filter(shop__slug=shop_slug, staff__username=username, staff__is_active=True)
        .select_related("staff")
        .first()
    )
    if member is None:
        raise NotFound(
            f"店铺 {shop_slug} 里没有员工 {username}", f"There is no member of staff {username} in shop {shop_slug}"
        )
    return Actor(ActorKind.STAFF, member.shop_id, member.as_role, member.staff_id, label_of(member.staff))


def token_digest(token: str) -> str:
    """Return what is kept of a token: its SHA-256, in hex. Tokens carry 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_by_token(token: str) -> Actor | None:
    """Return the actor of an API token; None when it is unknown or revoked, or its person left the shop.

    The token never does more than its person may do today, whatever it was made for.
    """
    row = (
        ApiToken.objects.filter(token_sha256=token_digest(token), revoked_at=None, staff__is_active=True)
        .select_related("staff")
        .first()
    )
    if row is None:
        return None
    member = Membership.objects.filter(shop_id=row.shop_id, staff_id=row.staff_id).first()
    if member is None:
        return None
    role = narrower(Role(row.role), member.as_role)
    label = f"{label_of(row.staff)} · {row.label}"
    return Actor(ActorKind.TOKEN, row.shop_id, role, row.staff_id, label, person=member.as_role)


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A shop that a person belongs to."""

    id: int
    slug: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff in one shop."""

    id: int
    username: str
    name: str
    role: Role
    last_login: datetime | None
    is_self: bool
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of a shop, without anything that could be used."""

    id: int
    label: str
    role: Role
    person: str
    created_at: datetime
    last_used_at: datetime | None
    is_revoked: bool


def shops_of(person: Staff) -> tuple[ShopRow, ...]:
    """List the shops of a person with their role in each."""
    rows = Membership.objects.filter(staff=person).select_related("shop").order_by("shop_id")
    return tuple(ShopRow(row.shop_id, row.shop.slug, row.shop.name, row.as_role) for row in rows)


def all_shops() -> tuple[Shop, ...]:
    """List every shop of the installation, for the command line and for work that goes over all shops."""
    return tuple(Shop.objects.order_by("pk"))


def shop_by_slug(slug: str) -> Shop | None:
    """Find a shop by its slug."""
    return Shop.objects.filter(slug=slug).first()


def shop_of(actor: Actor) -> Shop:
    """Return the actor's shop. Raises NotAllowed when the actor may not read."""
    actor.require(Permission.READ)
    return Shop.objects.get(pk=actor.shop_id)


def own_file(actor: Actor, name: str) -> tuple[Path | None, int]:
    """Return the data file that the shop lays over a shipped one, and when it was last changed (ns); (None, 0) without.

    Most installations have none and are spared the question for the shop's name. Raises NotAllowed.
    """
    actor.require(Permission.READ)
    folder: Path = settings.CARDCASE.overrides
    if not folder.is_dir():
        return None, 0
    own = folder / Shop.objects.values_list("slug", flat=True).get(pk=actor.shop_id) / name
    try:
        return own, own.stat().st_mtime_ns
    except FileNotFoundError:
        return None, 0


def staff_of_shop(actor: Actor) -> tuple[StaffRow, ...]:
    """List the people of the actor's shop, owners first."""
    actor.require(Permission.READ)
    rows = Membership.objects.filter(shop_id=actor.shop_id).select_related("staff").order_by("staff__username")
    order = list(Role)
    return tuple(
        StaffRow(
            row.staff_id,
            row.staff.username,
            label_of(row.staff),
            row.as_role,
            row.staff.last_login,
            is_self=row.staff_id == actor.staff_id,
            must_change_password=row.staff.must_change_password,
        )
        for row in sorted(rows, key=lambda row: order.index(row.as_role))
    )


def tokens_of_shop(actor: Actor) -> tuple[TokenRow, ...]:
    """List the API tokens of the actor's shop, live ones first, newest first. For those who manage the shop."""
    actor.require(Permission.MANAGE_SHOP)
    rows = ApiToken.objects.filter(shop_id=actor.shop_id).select_related("staff").order_by("-created_at")
    return tuple(
        TokenRow(
            row.pk,
            row.label,
            Role(row.role),
            label_of(row.staff),
            row.created_at,
            row.last_used_at,
            is_revoked=row.revoked_at is not None,
        )
        for row in sorted(rows, key=lambda row: row.revoked_at is not None)
    )
