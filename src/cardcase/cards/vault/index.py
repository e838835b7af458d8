"""Keyed hashes: finding a code again, and naming a file of codes, without anything that could be guessed back."""

import hmac
from collections.abc import Callable

from cardcase.kit.secret import CardCode

from . import keys


def blind_index(shop_id: int, code: CardCode) -> str:
    """Return the keyed hash under which a code is found again in one shop. Equal for equal normal forms only."""
    return indexer(shop_id)(code.normal_form())


def indexer(shop_id: int) -> Callable[[str], str]:
    """Return the function from a normal form to its blind index, for callers that look at thousands of tokens."""
    ready = hmac.new(keys.index_key(), b"%d|" % shop_id, "sha256")

    def index(normal_form: str) -> str:
        state = ready.copy()
        state.update(normal_form.encode("utf-8", "surrogatepass"))
        return state.hexdigest()

    return index


def keyed_digest(data: bytes) -> str:
    """Return the keyed hash (hex) of bytes that must not be guessed from it, such as a file of codes."""
    return digester()(data)


def digester() -> Callable[[bytes], str]:
    """Return the function behind ``keyed_digest``, for callers that commit to thousands of cards."""
    key = keys.digest_key()
    return lambda data: hmac.digest(key, data, "sha256").hex()
