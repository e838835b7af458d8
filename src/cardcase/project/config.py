"""What can be set: ``cardcase.toml`` in the data folder, then ``CARDCASE_*``, then ``CARDCASE_*_FILE`` for secrets."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

DATA_VARIABLE = "CARDCASE_DATA"
_LISTS = ("allowed_hosts", "trusted_proxies")  # written with commas in a variable


class Config(BaseModel):
    """Every setting of Cardcase. The handbook's table of settings is made from these descriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    data: Path = Field(description="数据目录：数据库、附件、密钥 / data folder: database, files, keys")
    database_url: str = Field(
        "",
        pattern="^(postgres(ql)?://.+)?$",
        description="留空用 SQLite；postgres://用户:密码@主机:端口/库名 / empty: SQLite; else a postgres:// address",
    )
    host: str = Field("127.0.0.1", description="监听地址 / address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="监听端口 / port to listen on")
    allowed_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "localhost", "[::1]", "testserver"), description="允许的主机名 / host names that are answered"
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="反向代理的地址或网段，只信它们说的来访地址 / proxies whose X-Forwarded-For is believed (CIDR)",
    )
    secure: bool = Field(default=False, description="经 https 访问时设为 true / true when served over https")
    debug: bool = Field(default=False, description="仅供开发 / for development only")
    language: str = Field("zh-hans", pattern="^(zh-hans|en)$", description="默认语言 zh-hans 或 en / default language")
    log_format: str = Field("text", pattern="^(text|json)$", description="日志格式 / form of log lines")
    base_url: str = Field(
        "",
        pattern="^(https?://[^/?#\\s@]+/?)?$",
        description="别人打开 Cardcase 用的地址，写进通知和日历 / address of this Cardcase, for links in notices",
    )
    notice_allow_private: bool = Field(
        default=False,
        description="允许通知发到内网地址和不加密的地址 / let notices go to private and unencrypted addresses",
    )
    mail_keys: bool = Field(
        default=True,
        description="向域名系统查邮件的 DKIM 公钥，核对邮件证据 / ask the DNS for DKIM keys of mails kept as evidence",
    )
    model_url: str = Field(
        "",
        pattern="^(https?://[^\\s?#@]+)?$",
        description="起草用的模型接口（OpenAI 兼容，写到 /v1）；留空不用 / OpenAI-compatible endpoint; empty: off",
    )
    model_name: str = Field("", max_length=100, description="模型名 / name of the model there")
    model_key_file: Path | None = Field(
        None, description="放接口密钥的文件；本机模型可以没有 / file with its key; a local model may have none"
    )
    model_allow_private: bool = Field(
        default=False,
        description="允许模型在内网或本机、可不加密 / let the model be on this machine or network, unencrypted",
    )
    model_seconds: int = Field(
        15, ge=1, le=60, description="等模型最多几秒，到了用模板 / seconds before templates take over"
    )
    threads: int = Field(8, ge=1, le=64, description="网页线程数 / threads that answer pages")
    parcel_video_mb: int = Field(
        200,
        ge=1,
        le=2000,
        description="打包、开箱录像最大多少 MB / largest video of a parcel, in MB",
    )
    privacy_backup_days: int = Field(
        30,
        ge=0,
        le=400,
        description="旧备份最多留几天，删除买家资料时据此说明 / days that old backups live, told at each erasure",
    )
    privacy_auto_erase: bool = Field(
        default=False,
        description="保存期满后自动删除买家资料，不再等人确认 / erase what is due without waiting for a person",
    )
    keys_folder: Path | None = Field(
        None,
        description="密钥目录，留空是数据目录下的 keys/；最好放在别处 / folder of the keys; empty: keys/ in the data",
    )
    vault_provider: str = Field(
        "file",
        pattern="^(file|transit)$",
        description="卡密的主密钥放哪里：file 密钥文件，transit 交给 Vault 或 OpenBao / where key-encryption keys live",
    )
    vault_address: str = Field(
        "",
        pattern=r"^(https://[^\s@/?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)?/?$",
        description="Vault 或 OpenBao 的地址；不在本机就要 https / its address; https unless on this machine",
    )
    vault_mount: str = Field(
        "transit", pattern=r"^[\w.-]+(/[\w.-]+)*$", description="transit 引擎的挂载点 / mount point of the engine"
    )
    vault_key: str = Field("cardcase", pattern=r"^[\w.-]+$", description="transit 里的密钥名 / name of the key there")
    vault_token_file: Path | None = Field(
        None,
        description="令牌文件，留空是密钥目录下的 vault.token / file of its token; empty: vault.token beside the keys",
    )
    vault_ca_file: Path | None = Field(
        None, description="自建证书机构的证书（PEM） / certificate of a private authority, PEM"
    )

    @property
    def keys(self) -> Path:
        """Folder of the keys, kept apart from what a backup copies."""
        return self.data / (self.keys_folder or Path("keys")).expanduser()

    @property
    def are_keys_with_data(self) -> bool:
        """Tell whether a copy of the data folder carries the keys too, also through a link."""
        return self.keys.resolve().is_relative_to(self.data.resolve())

    @property
    def files(self) -> Path:
        """Folder of kept originals, content-addressed."""
        return self.data / "files"

    @property
    def overrides(self) -> Path:
        """Folder of the shops' own data files: ``overrides/<shop slug>/<name>.toml``."""
        return self.data / "overrides"

    def secret_key(self) -> str:
        """Return the key behind sessions and tokens, made on first use with mode 0600."""
        return read_or_make_key(self.keys / "session.key", lambda: secrets.token_urlsafe(50).encode()).decode()


def read_or_make_key(path: Path, make: Any) -> bytes:
    """Return the bytes of a key file; make it once, readable by its owner only, safe against two first starts."""
    if path.exists():
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # the other of two first starts was quicker: its key is the key
            os.link(unfinished, path)  # whole or not at all: nobody ever reads half a key
    finally:
        unfinished.unlink()
    return path.read_bytes()


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration. Raises WrongUse naming the setting that is wrong."""
    env = os.environ if environ is None else environ
    data = Path(env.get(DATA_VARIABLE) or "data").expanduser().absolute()
    values: dict[str, Any] = {}
    file = data / "cardcase.toml"
    try:
        if file.exists():
            values.update(tomllib.loads(file.read_text("utf-8")))
        for name, field in Config.model_fields.items():
            variable = f"CARDCASE_{name.upper()}"
            if secret := env.get(f"{variable}_FILE"):
                values[name] = Path(secret).read_text("utf-8").strip()
            elif env.get(variable) or (variable in env and field.default is not None):
                raw = env[variable]
                values[name] = tuple(filter(None, map(str.strip, raw.split(",")))) if name in _LISTS else raw
        values["data"] = data
        return Config.model_validate(values)
    except ValidationError as error:
        names = ", ".join(dict.fromkeys(str(item["loc"][0]) for item in error.errors() if item["loc"]))
        detail = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise _wrong(file, detail, setting=names) from None  # the cause would print what stands in the setting
    except (OSError, ValueError) as error:  # not TOML, not UTF-8, or not there
        raise _wrong(file, str(error)) from error


def _wrong(file: Path, detail: str, **facts: str) -> WrongUse:
    return WrongUse(
        f"设置有误：{detail}",
        f"A setting is wrong: {detail}",
        next=Text(f"检查 {file} 和 CARDCASE_ 开头的环境变量。", f"Check {file} and the CARDCASE_ variables."),
        code="bad_setting",
        **facts,
    )
