"""A thousand known codes through the whole job; afterwards a byte search of all that was written finds none."""

import base64
import gzip
import io
import json
import re
import secrets
import string
import zipfile
import zlib
from pathlib import Path

import pytest

from project.command import cardcase

CODES = 1000


def canaries() -> list[str]:
    alphabet = string.ascii_uppercase + string.digits
    made = {"X" + "".join(secrets.choice(alphabet) for _ in range(15)) for _ in range(CODES * 2)}
    mixed = [code for code in made if re.search(r"\d", code) and re.search(r"[B-Z]", code[1:])]
    return mixed[:CODES]


def world(folder: Path, codes: list[str]) -> list[Path]:
    cards = ["卡号,密码,面值,有效期,成本,品牌"] + [
        f"AP{n:08d},{code},200,2029-12-31,188,苹果充值卡" for n, code in enumerate(codes)
    ]
    (folder / "cards.csv").write_text("\n".join(cards), encoding="utf-8")
    orders = [
        "订单号,买家id,买家昵称,商品标题,订单状态,金额,付款时间,发货时间,退款状态,退款金额,退款原因,申请时间,退款编号"
    ]
    orders += [
        f"{3310145690545000000 + n},22{n:06d},云朵{n}号,苹果充值卡 200,已发货,193.00,2026-11-20 20:10,2026-11-20 20:12,待商家处理,193.00,卡密无效,2026-11-23 10:15,R{n:06d}"
        for n in range(5)
    ]
    (folder / "orders.csv").write_text("\n".join(orders), encoding="utf-8")
    chat = []
    for n in range(5):
        kam = {
            "code": 0,
            "msg": "OK",
            "order_no": str(3310145690545000000 + n),
            "data": {"list": [{"card_no": f"AP{n:08d}", "card_pwd": codes[n], "cost": 18800, "sold_type": 11}]},
        }
        (folder / f"kam-{n}.json").write_text(json.dumps(kam), encoding="utf-8")
        code = codes[n]
        spoken = [
            code,
            "-".join(code[i : i + 4] for i in range(0, 16, 4)),
            code.lower(),
            " ".join(code[i : i + 4] for i in range(0, 16, 4)),
        ]
        for k, form in enumerate(spoken):
            chat.append({
                "cid": f"{50_000_000 + n}@goofish", "message_id": f"m{n}-{k}", "created_at": 1763900000000 + n * 100000 + k * 1000,
                "session_type": 1, "send_user_id": "1" if k == 0 else f"22{n:06d}", "send_user_name": "礼卡小铺" if k == 0 else f"云朵{n}号",
                "receiver_user_ids": [f"22{n:06d}" if k == 0 else "1"],
                "message": {"contentType": 1, "text": {"text": f"您的卡密：{form}" if k == 0 else f"我输的是 {form} 一直说无效，骗人的吧"}},
            })  # fmt: skip
    (folder / "chat.json").write_text(json.dumps(chat, ensure_ascii=False), encoding="utf-8")
    return [folder / "cards.csv", folder / "orders.csv", folder / "chat.json", *folder.glob("kam-*.json")]


def leaks(blob: bytes, codes: list[str]) -> list[str]:
    """Search raw bytes in the dresses in which a code could hide."""
    found = []
    views = [blob, blob.lower(), blob.replace(b"-", b"").replace(b" ", b"")]
    for code in codes:
        dresses = {
            code.encode(),
            code.lower().encode(),
            code.encode("utf-16-le"),
            code.encode("utf-16-be"),
            code.encode().hex().encode(),
            base64.b64encode(code.encode()).rstrip(b"=")[:-1],
        }
        if any(dress in view for dress in dresses for view in views):
            found.append(code[-4:])
    return found


def unpacked(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    parts = [raw]
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                body = archive.read(name)
                parts.append(body)
                if name.endswith(".pdf"):
                    for stream in re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL):
                        try:
                            parts.append(zlib.decompress(stream))
                        except zlib.error:
                            continue
    if raw[:2] == b"\x1f\x8b":
        parts.append(gzip.decompress(raw))
    return parts


@pytest.mark.crash  # a handful of processes, not a crash: kept with the slow ones
@pytest.mark.parametrize("cards_first", [True, False], ids=["cards first", "chat first"])
def test_no_code_is_found_in_anything_that_was_written(tmp_path, cards_first):
    codes = canaries()
    inputs = tmp_path / "in"
    inputs.mkdir()
    files = world(inputs, codes)
    data = tmp_path / "data"
    data.mkdir()
    outputs = []
    for batch in [files] if cards_first else [[files[2]], files]:
        outputs.append(cardcase("handle", *batch, data=data, code=None))
        outputs.append(cardcase("handle", *batch, "--json", data=data))
    numbers = [case["number"] for case in json.loads(outputs[-1].stdout)["cases"]]
    assert len(numbers) == 5
    for number in numbers[:2]:
        outputs.append(cardcase("pack", number, "-o", data / f"{number}.zip", data=data))
        outputs.append(cardcase("verify", data / f"{number}.zip", data=data))
        outputs.append(cardcase("case", "show", number, data=data))
    outputs.append(cardcase("ledger", "verify", data=data))
    outputs.append(cardcase("doctor", data=data, code=None))
    for done in outputs:
        assert leaks((done.stdout + done.stderr).encode(), codes) == []
    written = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.name == "cardcase.sqlite3" for path in written)
    for path in written:
        for blob in unpacked(path):
            assert leaks(blob, codes) == [], path.relative_to(data)


def test_the_search_itself_finds_a_planted_code():
    code = "XAB12CDEFGH34567"
    for dress in (code, code.lower(), "XAB1-2CDE-FGH3-4567", code.encode("utf-16-le"), base64.b64encode(code.encode())):
        blob = dress if isinstance(dress, bytes) else dress.encode()
        assert leaks(b"\0\1" + blob + b"\2", [code])
