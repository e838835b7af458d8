"""Two forms that the library has not: a webhook signed by Standard Webhooks 1.0, and Feishu robots with signature.

https://www.standardwebhooks.com: the signed content is ``id.timestamp.body``; the id is the same when it is sent again.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Final

from cardcase.notices.rules import Address, Message, Result, TargetKind

from . import egress
from .codes import said_no

JSON_TYPE: Final = "application/json; charset=utf-8"
FEISHU: Final = "https://{host}/open-apis/bot/v2/hook/{token}"
_PREFIX: Final = "whsec_"


def send(trip: egress.Trip, address: Address, message: Message) -> Result:
    """Send a notice in one of our own forms."""
    if address.kind is TargetKind.FEISHU:
        return _feishu(trip, address, message)
    return _webhook(trip, address, message)


def _webhook(trip: egress.Trip, address: Address, message: Message) -> Result:
    document = {
        "type": "notice.test"
        if not message.link and "alarm" not in message.fields
        else f"deadline.{message.event.value}",
        "timestamp": message.at.isoformat(),
        "data": {**message.fields, "title": message.title, "text": message.body, "link": message.link},
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {"Content-Type": JSON_TYPE, "User-Agent": "Cardcase", "webhook-id": message.key}
    stamp = str(int(message.at.timestamp()))
    headers["webhook-timestamp"] = stamp
    if address.secret:
        headers["webhook-signature"] = signature(address.secret, message.key, stamp, body)
    return trip.end(egress.judge(egress.post(trip, address.url, body, headers)))


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the header by which the receiver knows that a webhook is ours."""
    signed = f"{key}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_secret_bytes(secret), signed, "sha256")).decode()


def _secret_bytes(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass  # not in the form of the standard: taken as it is
    return secret.encode()


def _feishu(trip: egress.Trip, address: Address, message: Message) -> Result:
    stamp = str(int(message.at.timestamp()))
    # Feishu signs nothing with the key "timestamp\nsecret"; that is how its documentation has it.
    sign = base64.b64encode(hmac.new(f"{stamp}\n{address.secret}".encode(), b"", hashlib.sha256).digest()).decode()
    text = f"{message.title}\n{message.body}"
    document = {"timestamp": stamp, "sign": sign, "msg_type": "text", "content": {"text": text}}
    url = FEISHU.format(host=address.host, token=address.token)
    reply = egress.post(trip, url, json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": JSON_TYPE})
    return trip.end(said_no(reply) or egress.judge(reply))
