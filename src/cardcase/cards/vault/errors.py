"""Refusals of the vault. None of them carries a value, a key, or what another program answered."""

from cardcase.kit.errors import Problem, Unavailable
from cardcase.kit.text import Text


class VaultKeyMissing(Unavailable):
    """The key ring does not hold the key that sealed this value: a wrong or lost ``vault.json``."""

    code = "vault_key_missing"

    def __init__(self, version: int) -> None:
        super().__init__(
            f"钥匙文件里没有第 {version} 版密钥，打不开这条密文",
            f"The key ring does not hold key version {version}; this value cannot be opened",
            next=Text(
                "用 cardcase vault import 从副本恢复密钥，或从备份恢复 keys/vault.json。",
                "Bring the key back with cardcase vault import, or restore keys/vault.json from its backup.",
            ),
            version=version,
        )


class SealBroken(Unavailable):
    """The sealed value was changed, cut, or belongs to something else."""

    code = "seal_broken"

    def __init__(self) -> None:
        super().__init__(
            "密文被改动或不属于这里，打不开",
            "The sealed value was changed or belongs elsewhere; it cannot be opened",
            next=Text("从备份恢复数据库。", "Restore the database from its backup."),
        )


class VaultAway(Unavailable):
    """Vault or OpenBao did not do what was asked: not reached, sealed, token refused, key unknown."""

    code = "vault_away"


def unreadable_ring() -> Problem:
    """Return the refusal of a ring file that cannot be read; what stands in it is not quoted."""
    return Unavailable(
        "钥匙文件 keys/vault.json 读不出来",
        "The key ring keys/vault.json cannot be read",
        next=Text("从备份恢复它；不要删除。", "Restore it from its backup; do not delete it."),
        code="vault_unreadable",
    )
