"""The port to a language model, and the one adapter: an OpenAI-compatible endpoint, off until somebody sets it up.

Everything goes through ``connectors.egress``. Two calls at a time at most: a slow model never takes the desk's threads.
"""

import threading
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol

from django.conf import settings

from cardcase.connectors import egress

from .rules.asking import LARGEST_ANSWER, BadAnswer, Prompt

AT_ONCE: Final = 2
LARGEST_KEY: Final = 4 * 1024

_free = threading.BoundedSemaphore(AT_ONCE)


class Writer(Protocol):
    """Whoever can be asked for the words of a reply."""

    def write(self, prompt: Prompt) -> bytes:
        """Return the raw answer of the chat completions interface. Raises BadAnswer with the code why there is none."""
        ...


class Endpoint:
    """The endpoint of the settings."""

    def write(self, prompt: Prompt) -> bytes:
        """Ask once, within the time that is set. Raises BadAnswer."""
        config = settings.CARDCASE
        if not config.model_url:
            raise BadAnswer("off")
        if not config.model_allow_private and not config.model_url.startswith("https://"):
            raise BadAnswer("not_reached")
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Cardcase"}
        if config.model_key_file is not None:
            headers["Authorization"] = f"Bearer {_key(config.data / config.model_key_file.expanduser())}"
        if not _free.acquire(blocking=False):
            raise BadAnswer("busy")
        try:
            reply = egress.ask(
                "POST",
                config.model_url.rstrip("/") + "/chat/completions",
                prompt.body(config.model_name),
                headers,
                allow_private=config.model_allow_private,
                limit=LARGEST_ANSWER + 1,
                seconds=float(config.model_seconds),
            )
        except egress.NotReached:
            raise BadAnswer("not_reached") from None
        finally:
            _free.release()
        if reply.status != HTTPStatus.OK:
            raise BadAnswer("status")
        if len(reply.body) > LARGEST_ANSWER:
            raise BadAnswer("too_large")
        return reply.body


def is_on() -> bool:
    """Tell whether a model is set up."""
    return bool(settings.CARDCASE.model_url)


def _key(path: Path) -> str:
    try:
        data = path.read_bytes()
        key = data.decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise BadAnswer("no_key") from None
    if not key or len(data) > LARGEST_KEY or not key.isprintable():
        raise BadAnswer("no_key")
    return key
