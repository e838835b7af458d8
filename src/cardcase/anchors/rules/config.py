"""What is written in ``anchors.toml``: authorities of time, witnesses, deposit services. Nothing else is called.

Passwords stand in files beside the keys, never in this one.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cardcase.kit import catalogue
from cardcase.kit.catalogue import Catalogue, Record
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

FILE: Final = "anchors.toml"
PRESETS: Final = Path(__file__).parent.parent / "data" / "presets.toml"
MOST_AUTHORITIES: Final = 8


class AuthorityPreset(Record):
    """A known authority of time."""

    zh: str
    en: str
    url: str


class DepositPreset(Record):
    """A known deposit service and how it is asked."""

    zh: str
    en: str
    url: str
    hash: Literal["sha256", "sm3"]
    signing: Literal["none", "basic", "bearer", "rsa_sha256", "tc3"]
    request: Mapping[str, str]
    deposit_id: str
    deposit_time: str = ""
    certificate: str = ""
    service: str = ""
    action: str = ""
    version: str = ""


def authority_presets() -> Catalogue[AuthorityPreset]:
    """Read the known authorities of time. Raises BrokenCatalogue."""
    return catalogue.load(PRESETS, AuthorityPreset, table="authority")


def deposit_presets() -> Catalogue[DepositPreset]:
    """Read the known deposit services. Raises BrokenCatalogue."""
    return catalogue.load(PRESETS, DepositPreset, table="deposit")


def _web(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment):
        raise ValueError("an http or https address without a user in it")
    return url


Web = Annotated[str, AfterValidator(_web)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Authority(_Part):
    """An authority of time that is asked: its address, its pinned roots, and how it is told who asks."""

    name: Name
    preset: str = ""
    url: Web = ""
    roots: str = ""
    revocations: tuple[Web, ...] = ()
    policy: Annotated[str, Field(pattern=r"^([0-2](\.[0-9]+)+)?$")] = ""
    user: str = ""
    password_file: str = ""
    private: bool = False
    enabled: bool = True


class Witnesses(_Part):
    """Where the policy of the witnesses lies; its witness lines with an address are asked."""

    policy: str = "witness-policy.txt"
    private: bool = False
    enabled: bool = True


class Deposit(_Part):
    """A deposit service that is asked: what is sent and how its answer is read stand in the preset or here."""

    name: Name
    preset: str
    url: Web = ""
    user: str = ""
    secret_file: str = ""
    private: bool = False
    enabled: bool = False


class Anchors(_Part):
    """The whole file.

    ``every_minutes``: how often time is asked for while there is something new; ``spacing_minutes``: how soon after a
    reveal, a decision or an export.
    """

    every_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    spacing_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    authority: tuple[Authority, ...] = ()
    witness: Witnesses | None = None
    deposit: tuple[Deposit, ...] = ()

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """Those that are asked."""
        return tuple(one for one in self.authority if one.enabled)

    @property
    def deposits(self) -> tuple[Deposit, ...]:
        """Those that are asked."""
        return tuple(one for one in self.deposit if one.enabled)


class BadAnchors(WrongUse):
    """``anchors.toml`` is not well formed. Nothing is asked until it is."""

    code = "bad_anchors"


NOTHING: Final = Anchors()


def load(folder: Path) -> Anchors:
    """Read ``anchors.toml`` in the data folder; NOTHING when there is none. Raises BadAnchors naming what is wrong."""
    path = folder / FILE
    try:
        written = path.stat()
    except FileNotFoundError:
        return NOTHING
    return _read(path, written.st_mtime_ns, written.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> Anchors:
    try:
        found = Anchors.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        detail = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise _bad(detail) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(str(error)) from None
    names = [one.name for one in found.authority] + [one.name for one in found.deposit]
    if len(set(names)) != len(names) or len(found.authority) > MOST_AUTHORITIES:
        raise _bad("names stand once; at most 8 authorities")
    known = authority_presets().records
    for one in found.authority:
        if one.preset and one.preset not in known:
            raise _bad(f"authority {one.name}: no preset {one.preset}")
        if one.enabled and not url_of(one):
            raise _bad(f"authority {one.name}: url is missing")
        if one.user and urlsplit(url_of(one)).scheme != "https" and not one.private:
            raise _bad(f"authority {one.name}: a user needs https")
    for ask in found.deposit:
        if ask.preset not in deposit_presets().records:
            raise _bad(f"deposit {ask.name}: no preset {ask.preset}")
        if ask.enabled and not deposit_url_of(ask):
            raise _bad(f"deposit {ask.name}: url is missing")
        if ask.enabled and urlsplit(deposit_url_of(ask)).scheme != "https" and not ask.private:
            raise _bad(f"deposit {ask.name}: needs https")
    return found


def url_of(one: Authority) -> str:
    """Return the address of an authority: its own, else that of its preset."""
    preset = authority_presets().records.get(one.preset)
    return one.url or (preset.url if preset else "")


def deposit_url_of(one: Deposit) -> str:
    """Return the address of a deposit service: its own, else that of its preset."""
    return one.url or deposit_presets().records[one.preset].url


def _bad(detail: str) -> BadAnchors:
    return BadAnchors(
        f"{FILE} 有误：{detail}",
        f"{FILE} is wrong: {detail}",
        next=Text("改正数据目录里的这个文件，见手册“可信时间”。", "Mend it in the data folder; see the handbook."),
    )
