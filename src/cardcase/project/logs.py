"""Log lines: structlog into the standard library's logging, with everything shaped like a secret masked on the way."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_CODE: Final = re.compile(
    r"(?<![\w-])(?=[A-Za-z0-9-]*\d)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]{4,}(?:-?[A-Za-z0-9]{2,}){2,}(?![\w-])"
)
_PHONE: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_ID: Final = re.compile(r"^[a-z]+_[0-9a-f]{32}$")


def mask(text: str) -> str:
    """Hide what is shaped like a card code or a mobile number. Our own public ids are left readable."""
    masked = _CODE.sub(lambda match: match.group() if _ID.match(match.group()) else f"‥{match.group()[-4:]}", text)
    return _PHONE.sub(lambda match: f"{match.group()[:3]}‥{match.group()[-2:]}", masked)


def _mask_all(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key not in ("timestamp", "level", "logger"):
            event[key] = mask(value)
    return event


def configure(form: str) -> None:
    """Set logging up for this process: ``text`` for people, ``json`` for collectors. Lines go to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_all,
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
