"""Shops, staff, their roles, API tokens; and the bases that give every business row its shop and its source."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import connection, models

from cardcase.kit import clock

from .rules import Actor, Permission, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 500
"""Rows in one statement of an insert."""


class Staff(AbstractUser):
    """Somebody who can sign in. What they may do is said by their memberships, not here."""

    must_change_password = models.BooleanField(default=False)


class Shop(models.Model):
    """One seller's shop: the tenant. Every business row belongs to one."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    is_pro = models.BooleanField(null=True)  # 鱼小铺; unknown until told
    agent_limit_fen = models.PositiveIntegerField(default=5000)
    default_response_hours = models.PositiveSmallIntegerField(default=24)  # unverified; see platform-rules D6
    reveal_cap = models.PositiveSmallIntegerField(default=20)  # codes that one person may look at in a day
    give_cap = models.PositiveSmallIntegerField(default=200)  # codes that one person may send to buyers in a day
    large_value_fen = models.PositiveIntegerField(default=50_000)  # from here a look needs the second factor
    low_stock = models.PositiveSmallIntegerField(default=3)  # cards of one kind at which the owner is told
    least_validity_days = models.PositiveSmallIntegerField(default=30)  # cards with less left are not given out
    check_minutes = models.PositiveSmallIntegerField(default=15)  # how old the last look at a card may be at its giving
    is_check_required = models.BooleanField(default=False)  # an older look, or none, stops the code; else it warns
    claim_hours = models.PositiveSmallIntegerField(default=168)  # how long a claim link is good; set in ``delivery``
    currency = models.CharField(max_length=3, default="CNY")
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The role of one member of staff in one shop."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="memberships")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "staff"], name="one_role_per_shop"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id}@{self.shop_id}: {self.role}"

    @property
    def as_role(self) -> Role:
        """The role as rules know it."""
        return Role(self.role)


class ApiToken(models.Model):
    """A program's key to the API. Only its SHA-256 is kept; it acts with the role given, in its shop."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="tokens")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.label


class ShopRows(models.QuerySet):  # type: ignore[type-arg]  # django-stubs wants a model; this serves all of them
    """Rows that belong to a shop. There is no way to them but through an actor."""

    def visible_to(self, actor: Actor) -> Self:
        """Narrow to the actor's shop. Raises NotAllowed when the actor may not read at all."""
        actor.require(Permission.READ)
        return self.filter(shop_id=actor.shop_id)

    def add_all(self, rows: Sequence[models.Model]) -> None:
        """Insert new rows by the hundred and give them their keys. Raises IntegrityError when one is known.

        A fifth of the cost of ``bulk_create``, which asks every field about every value: only moments and JSON are
        asked about here, so it is for models whose fields do nothing before they are saved.
        """
        own = [field for field in self.model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - Django's documented model API
        values = attrgetter(*(field.attname for field in own))
        asked = [(at, one) for at, one in enumerate(own) if isinstance(one, models.DateTimeField | models.JSONField)]
        quote = connection.ops.quote_name
        table, names = quote(self.model._meta.db_table), ", ".join(quote(field.column) for field in own)  # noqa: SLF001 - as above
        blanks = f"({', '.join(['%s'] * len(own))})"
        moments: dict[datetime, Any] = {}
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            params: list[Any] = []
            for row in some:
                told = [*values(row)]
                for at, field in asked:
                    value = told[at]
                    if value is None:
                        continue
                    if isinstance(value, datetime):  # an import tells few moments thousands of times
                        known = moments.get(value)
                        if known is None:
                            known = moments[value] = field.get_db_prep_save(value, connection)
                        told[at] = known
                    else:
                        told[at] = field.get_db_prep_save(value, connection)
                params += told
            marks = ", ".join([blanks] * len(some))
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {table} ({names}) VALUES {marks} RETURNING id", params)  # noqa: S608 - own names only
                for row, (key,) in zip(some, cursor.fetchall(), strict=True):
                    row.pk, row._state.adding, row._state.db = key, False, connection.alias  # noqa: SLF001 - as bulk_create does


class ShopOwned(models.Model):
    """Base of every business row: its shop comes first in its keys, so that the tables can be sharded by shop."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = ShopRows.as_manager()

    class Meta:
        abstract = True


class Sourced(models.Model):
    """Base of every row that came from outside: which file (by name and hash) and which row of it."""

    source_file = models.CharField(max_length=255, blank=True, default="")
    source_sha256 = models.CharField(max_length=64, blank=True, default="")
    source_row = models.PositiveIntegerField(null=True)

    class Meta:
        abstract = True
