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
from contextlib import suppress
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


def inflated(pdf: bytes) -> list[bytes]:
    """Unpack the streams of a PDF."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return found


def unpacked(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    parts = [raw]
    if raw[:4] == b"%PDF":
        parts += inflated(raw)
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                body = archive.read(name)
                parts.append(body)
                parts += inflated(body) if name.endswith(".pdf") else []
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
        outputs.append(cardcase("verify", data / f"{number}.zip", data=data, code=2))
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


def order_file(folder: Path, count: int) -> Path:
    head = "订单号,买家id,买家昵称,商品标题,订单状态,金额,付款时间"
    rows = [
        f"{3310145690546000000 + n},33{n:06d},晚风{n}号,苹果充值卡 200,待发货,193.00,2026-11-20 20:10"
        for n in range(count)
    ]
    path = folder / "waiting.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def pdf_of(line: str) -> bytes:
    stream = zlib.compress(f"BT /F 18 Tf 72 720 Td ({line}) Tj ET".encode())
    return (
        b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
        b"3 0 obj <</Type/Page/Parent 2 0 R/Contents 4 0 R>> endobj\n4 0 obj <</Filter/FlateDecode/Length "
        + str(len(stream)).encode()
        + b">> stream\n"
        + stream
        + b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
    )


@pytest.mark.crash
def test_selling_papers_and_links_leave_no_code_behind(tmp_path):
    """Sold, re-sent, linked, with papers and notes that quote codes: only the two commands that show a code print it."""
    codes, inputs, data = canaries()[:40], tmp_path / "in", tmp_path / "data"
    inputs.mkdir()
    data.mkdir()
    cards = ["密码,面值,品牌", *(f"{code},200,苹果充值卡" for code in codes)]
    (inputs / "cards.csv").write_text("\n".join(cards), encoding="utf-8")
    (inputs / "list.csv").write_text("\n".join(["卡号,密码", *(f",{code}" for code in codes)]), encoding="utf-8")
    (inputs / "invoice.pdf").write_bytes(pdf_of(f"Code {codes[3]} paid"))
    outputs = [
        cardcase("import", "cards", inputs / "cards.csv", data=data),
        cardcase("import", "orders", order_file(inputs, 3), data=data),
    ]
    numbers = [str(3310145690546000000 + n) for n in range(3)]
    kind = ("--brand", "苹果充值卡", "--face", "200", "--quantity", "1")
    outputs.append(cardcase("deliver", "allocate", *numbers, *kind, data=data))
    outputs += [cardcase("deliver", "waive", number, "--reason", f"老客户 {codes[5]}", data=data) for number in numbers]
    listed = json.loads(cardcase("card", "list", "--json", data=data).stdout)["cards"]
    (inputs / "seen.png").write_bytes(b"\x89PNG\r\n\x1a\n" + f"{codes[8]} 200.00".encode())
    told = ("--balance", "200", "--method", "官网", "--note", f"查了 {codes[6]} 没问题", "--proof", inputs / "seen.png")
    outputs.append(cardcase("card", "check", listed[0]["public_id"], *told, data=data))
    looked = json.loads(cardcase("card", "show", listed[0]["public_id"], "--json", data=data).stdout)
    proof, out = looked["checks"][0]["proof"]["id"], tmp_path / "out.png"
    why = ("--reason", f"核对 {codes[9]}", "-o", out)
    outputs.append(cardcase("card", "proof", listed[0]["public_id"], proof, *why, data=data))
    assert out.read_bytes() == (inputs / "seen.png").read_bytes()
    outputs.append(cardcase("vault", "seal-proofs", data=data))
    shown = [
        cardcase("deliver", "show", numbers[0], "--reason", f"发货 {codes[7]}", "--confirm", data=data),
        cardcase("deliver", "resend", numbers[0], "--reason", "没收到", data=data),
    ]
    link = cardcase("deliver", "link", numbers[1], data=data)
    batch = json.loads(cardcase("lot", "list", "--json", data=data).stdout)
    lot = (batch if isinstance(batch, list) else batch["lots"])[0]["public_id"]
    for kept, file in (("serial_list", "list.csv"), ("invoice", "invoice.pdf")):
        outputs.append(cardcase("lot", "attach", lot, inputs / file, "--kind", kept, data=data))
    outputs += [cardcase(*words, data=data, code=None) for words in (
        ("lot", "show", lot), ("deliver", "list"), ("card", "show", listed[0]["public_id"]), ("doctor",), ("ledger", "verify"),
    )]  # fmt: skip
    given = [leaks(done.stdout.encode(), codes) for done in shown]
    assert given[0] == given[1]
    assert len(given[0]) == 1
    for done in [*outputs, link, *shown]:
        assert leaks(done.stderr.encode(), codes) == []
    for done in [*outputs, link]:
        assert leaks(done.stdout.encode(), codes) == [], done.args
    token = re.search(r"#([\w-]{22})", link.stdout).group(1).encode()
    for path in (path for path in data.rglob("*") if path.is_file()):
        for blob in unpacked(path):
            assert leaks(blob, codes) == [], path.relative_to(data)
            assert token not in blob, path.relative_to(data)


def test_the_search_itself_finds_a_planted_code():
    code = "XAB12CDEFGH34567"
    for dress in (code, code.lower(), "XAB1-2CDE-FGH3-4567", code.encode("utf-16-le"), base64.b64encode(code.encode())):
        blob = dress if isinstance(dress, bytes) else dress.encode()
        assert leaks(b"\0\1" + blob + b"\2", [code])
