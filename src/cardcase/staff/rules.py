"""Who may do what: roles, permissions, the map between them, and the Actor from which every read and verb starts."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import NotAllowed
from cardcase.kit.text import Text


class Role(StrEnum):
    """What a member of staff is in one shop."""

    OWNER = "owner"
    LEAD = "lead"
    AGENT = "agent"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that can be allowed."""

    READ = "read"
    WORK = "work"  # confirm reasons, ask for evidence, note, draft, mark as sent
    IMPORT = "import"
    OFFER = "offer"  # propose an offer within the agent's limit
    DECIDE = "decide"  # decline, concede above the limit, escalate, submit
    MONEY = "money"  # execute a remedy
    LIFT_HOLD = "lift_hold"
    REVEAL = "reveal"
    MANAGE_CARDS = "manage_cards"
    EXPORT = "export"  # evidence packs
    NOTIFY = "notify"  # where alarms are sent, the calendar's link
    INSIGHT = "insight"  # how good the advice was, and how often people choose otherwise
    MANAGE_SHOP = "manage_shop"  # staff, tokens, channels, overrides


_AGENT: Final = frozenset({Permission.READ, Permission.WORK, Permission.IMPORT, Permission.OFFER, Permission.EXPORT})
_LEAD: Final = _AGENT | {
    Permission.DECIDE,
    Permission.REVEAL,
    Permission.MANAGE_CARDS,
    Permission.NOTIFY,
    Permission.INSIGHT,
}

PERMISSIONS: Final = MappingProxyType(
    {
        Role.OWNER: frozenset(Permission),
        Role.LEAD: _LEAD,
        Role.AGENT: _AGENT,
        Role.AUDITOR: frozenset({Permission.READ, Permission.EXPORT, Permission.INSIGHT}),
    }
)

ROLE_TITLES: Final = MappingProxyType(
    {
        Role.OWNER: Text("店主", "Owner"),
        Role.LEAD: Text("主管", "Lead"),
        Role.AGENT: Text("客服", "Agent"),
        Role.AUDITOR: Text("审计", "Auditor"),
    }
)


_RANK: Final = (Role.AUDITOR, Role.AGENT, Role.LEAD, Role.OWNER)
"""Each may all that the one before it may, save that an agent has no ``INSIGHT`` (``Actor.person`` sees to that)."""


def narrower(one: Role, other: Role) -> Role:
    """Return whichever role may do less: what a token may do when its person's role has changed since."""
    return min(one, other, key=_RANK.index)


class SecondFactorNeeded(NotAllowed):
    """What is asked for needs a second factor that was shown within the last minutes."""

    code = "second_factor_needed"

    def __init__(self) -> None:
        super().__init__(
            "这一步要先做两步验证",
            "This needs your second factor first",
            next=Text(
                "在网页上用验证器应用或通行密钥验证一次再来；还没有设置的，先到「设置 › 两步验证」设置。",
                "Confirm with your authenticator or passkey on the page; set one up under Settings, Two-factor first.",
            ),
        )


class ActorKind(StrEnum):
    """The parties that the record tells apart."""

    STAFF = "staff"
    TOKEN = "token"  # noqa: S105 - a kind of actor, not a secret
    LINK = "link"  # whoever holds a private link that only shows something
    SYSTEM = "system"
    PLATFORM = "platform"
    BUYER = "buyer"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, in one shop. First argument of every public query and verb."""

    kind: ActorKind
    shop_id: int
    role: Role | None = None
    staff_id: int | None = None
    label: str = ""
    is_proven: bool = False  # has shown a second factor within the last minutes, as the page's session says
    person: Role | None = None  # of a token: what its person is in the shop today, where the token is not narrower

    @classmethod
    def system(cls, shop_id: int, label: str = "system") -> "Actor":
        """Act for Cardcase itself: reads and keeps books, is never taken for a person."""
        return cls(ActorKind.SYSTEM, shop_id, label=label)

    @classmethod
    def console(cls, shop_id: int, label: str = "console") -> "Actor":
        """Act as whoever sits at the machine itself: the command line, which could open the database file as well."""
        return cls(ActorKind.STAFF, shop_id, Role.OWNER, label=label)

    @classmethod
    def reader(cls, shop_id: int, label: str) -> "Actor":
        """Act for the holder of a private link: reads what the link shows, and nothing else."""
        return cls(ActorKind.LINK, shop_id, label=label)

    @property
    def is_console(self) -> bool:
        """Tell whether this is whoever sits at the machine itself."""
        return self.kind is ActorKind.STAFF and self.staff_id is None

    @property
    def is_person(self) -> bool:
        """Tell whether a human being answers for this act (GB/T 47746-2026: money and refusals need one)."""
        return self.kind in (ActorKind.STAFF, ActorKind.TOKEN)

    def may(self, permission: Permission) -> bool:
        """Tell whether this is allowed. The system may read and import; it never decides, pays or reveals."""
        if self.kind is ActorKind.SYSTEM:
            return permission in (Permission.READ, Permission.IMPORT, Permission.WORK)
        if self.kind is ActorKind.LINK:
            return permission is Permission.READ
        if self.person is not None and permission not in PERMISSIONS[self.person]:
            return False  # an auditor may see what an agent may not, so the narrower role alone does not tell
        return self.role is not None and permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless this is allowed."""
        if not self.may(permission):
            title = ROLE_TITLES[self.role] if self.role else Text("系统", "The system")
            raise NotAllowed(
                f"{title.zh}没有这项权限：{permission.value}",
                f"{title.en} may not do this: {permission.value}",
                next=Text("请店主或主管来做。", "Ask the owner or a lead to do it."),
                permission=permission.value,
            )
