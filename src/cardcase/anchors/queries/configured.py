"""What is configured, and the policy of the witnesses."""

from pathlib import Path

from cryptography import x509
from django.conf import settings

from cardcase.anchors.rules import config, policy
from cardcase.anchors.rules.config import Anchors, Authority, BadAnchors, Witnesses
from cardcase.anchors.rules.policy import BadPolicy, Listed, Policy
from cardcase.anchors.rules.stamp import read_roots
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission


def check_data() -> None:
    """Read everything that is configured. Raises BrokenCatalogue, BadAnchors."""
    config.authority_presets()
    config.deposit_presets()
    told = config.load(Path(settings.CARDCASE.data))
    for one in told.authorities:
        pinned_roots(one)
    if told.witness is not None:
        witness_policy(told.witness)


def pinned_roots(authority: Authority) -> list[x509.Certificate]:
    """Read the roots that are pinned for an authority, none when it names no file. Raises BadAnchors."""
    if not authority.roots:
        return []
    path = Path(settings.CARDCASE.data) / authority.roots
    try:
        return read_roots([path.read_bytes()])
    except (OSError, ValueError) as error:
        raise BadAnchors(
            f"读不了 {authority.name} 的根证书 {path.name}",
            f"The root certificates of {authority.name}, {path.name}, cannot be read",
            next=Text("放一个 PEM 文件，或改正 roots。", "Put a PEM file there, or mend roots."),
            code="bad_roots",
        ) from error


def witness_policy(told: Witnesses) -> Policy:
    """Read the policy file. Raises BadAnchors."""
    path = Path(settings.CARDCASE.data) / told.policy
    try:
        return policy.read(path.read_bytes())
    except (OSError, BadPolicy) as error:
        reason = str(error) if isinstance(error, BadPolicy) else "cannot be read"
        raise BadAnchors(
            f"见证策略文件 {path.name} 有误：{reason}",
            f"The witness policy {path.name} is wrong: {reason}",
            next=Text("按 C2SP tlog-policy 的格式改正。", "Mend it; its form is C2SP tlog-policy."),
            code="bad_policy",
        ) from error


def witnesses(told: Anchors) -> list[Listed]:
    """Return the witnesses that are asked; none while the policy cannot be read, which ``standing`` says."""
    if told.witness is None or not told.witness.enabled:
        return []
    try:
        return [one for one in witness_policy(told.witness).witnesses.values() if one.url]
    except BadAnchors:
        return []


def is_time_asked_for(actor: Actor) -> bool:
    """Tell whether an authority of time is set and on; not so while the settings cannot be read."""
    actor.require(Permission.READ)
    try:
        return bool(config.load(Path(settings.CARDCASE.data)).authorities)
    except BadAnchors:
        return False


def policy_text(actor: Actor) -> bytes:
    """Return the policy file as it is, empty when no witnesses are configured or it cannot be read."""
    actor.require(Permission.READ)
    try:
        told = config.load(Path(settings.CARDCASE.data))
        if told.witness is None:
            return b""
        witness_policy(told.witness)
        return (Path(settings.CARDCASE.data) / told.witness.policy).read_bytes()
    except (BadAnchors, OSError):
        return b""
