"""The reader in its own process: hostile pictures are refused by name, limits hold, and the engine really reads."""

import io
import os
import struct
import subprocess
import sys
import zlib

import pytest

from cardcase.screens import limits, reader
from cardcase.screens.rules.layout import log_of

PIL = pytest.importorskip("PIL", reason="the extra 'screens' is not installed")
pytest.importorskip("rapidocr", reason="the extra 'screens' is not installed")

from PIL import Image  # noqa: E402 - after it is known to be there

from screens import chats, drawing  # noqa: E402
from screens.recorded import read, told  # noqa: E402


def encoded(image, kind="PNG", **more):
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def bomb(width, height):
    """A PNG that says it is huge and holds next to nothing."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")
    )


FRAMES = [Image.new("RGB", (200, 200), (shade, 0, 0)) for shade in (0, 200)]
HOSTILE = {
    "picture_kind": [b"", b"%PDF-1.7 x", b"GIF89a" + bytes(40), b"<svg xmlns='x'/>", b"PK\x03\x04" + bytes(60)],
    "picture_bytes": [b"\x89PNG\r\n\x1a\n" + bytes(limits.MOST_BYTES)],
    "picture_pixels": [bomb(20_000, 20_000), bomb(200, limits.LONGEST + 1), bomb(2**31 - 1, 2**31 - 1)],
    "picture_small": [encoded(Image.new("RGB", (40, 400)))],
    "picture_damaged": [
        encoded(Image.new("RGB", (300, 300), (9, 9, 9)))[:-40],
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(30),
        bomb(300, 300),
    ],
    "picture_moves": [
        encoded(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]),
        encoded(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]),
    ],
}


def test_hostile_pictures_are_refused_each_with_its_reason_and_the_reader_lives_on():
    with reader.reading() as reads:
        for code, pictures in HOSTILE.items():
            for number, data in enumerate(pictures):
                with pytest.raises(limits.BadPicture) as refused:
                    reads.see(data, name=f"{code}-{number}")
                assert refused.value.problem_code == code, (code, number)
                assert refused.value.message.zh.startswith(f"{code}-{number}：")
                assert refused.value.next.en
        blank = reads.see(encoded(Image.new("RGB", (600, 800), (245, 245, 245))))
    assert log_of(blank).entries == ()


@pytest.mark.parametrize(
    ("what", "value", "code"), [("SECONDS", 0.05, "picture_slow"), ("MEMORY", 1024, "picture_memory")]
)
def test_a_picture_that_costs_too_much_is_stopped_and_its_process_is_gone(monkeypatch, what, value, code):
    with reader.reading() as reads:
        reads.see(encoded(Image.new("RGB", (200, 200))))
        process = reads._worker.process
        monkeypatch.setattr(limits, what, value)
        with pytest.raises(limits.BadPicture) as refused:
            reads.see(drawing.png(drawing.screens(chats.SECOND, drawing.LIGHT)[0][0]))
        assert refused.value.problem_code == code
        assert process.poll() is not None
        monkeypatch.undo()
        assert reads.see(encoded(Image.new("RGB", (200, 200)))).lines == ()  # another process, another picture


def test_a_reader_that_dies_is_told_and_no_process_stays():
    with reader.reading() as reads:
        reads.see(encoded(Image.new("RGB", (200, 200))))
        process = reads._worker.process
        process.kill()
        process.wait()
        with pytest.raises(limits.BadPicture) as refused:
            reads.see(encoded(Image.new("RGB", (200, 200))))
        assert refused.value.problem_code == "picture_crashed"
        reads.see(encoded(Image.new("RGB", (200, 200))))
        last = reads._worker.process
    assert last.poll() is not None


def test_a_worker_is_recycled_after_some_pictures(monkeypatch):
    monkeypatch.setattr(reader, "RECYCLED_AFTER", 1)
    with reader.reading() as reads:
        reads.see(encoded(Image.new("RGB", (200, 200))))
        assert reads._worker is None


def test_the_worker_opens_no_connection_and_writes_no_file():
    program = (
        "import socket, tempfile; from cardcase.screens import worker; worker._bound(); worker._without_network()\n"
        "for attempt in (lambda: socket.socket(), lambda: socket.create_connection(('127.0.0.1', 9)),\n"
        "                lambda: socket.getaddrinfo('localhost', 9)):\n"
        "    try: attempt()\n"
        "    except OSError as error: print('refused', error)\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n"
        "    with tempfile.TemporaryFile(buffering=0) as file: file.write(b'x')\n"
        "except OSError: print('no file')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env=reader._environment(), capture_output=True, text=True
    )
    assert done.stdout.count("refused the reader opens no connection") == 3, done.stderr
    assert "no file" in done.stdout


def test_the_worker_is_told_nothing_of_our_settings(monkeypatch):
    monkeypatch.setenv("CARDCASE_SECRET_KEY", "x")
    monkeypatch.setenv("CARDCASE_DATABASE_URL", "y")
    assert not [name for name in reader._environment() if name.startswith("CARDCASE")]


def test_the_doctor_can_tell_that_it_is_installed():
    assert reader.is_installed()


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    (tmp_path / "rapidocr.py").write_text("raise ImportError('not installed')\n", encoding="utf-8")
    real = reader._environment()
    monkeypatch.setattr(
        reader, "_environment", lambda: {**real, "PYTHONPATH": os.pathsep.join((str(tmp_path), real["PYTHONPATH"]))}
    )
    with reader.reading() as reads, pytest.raises(limits.ReaderAway) as away:
        reads.see(encoded(Image.new("RGB", (200, 200))))
    assert away.value.problem_code == "reader_missing"
    assert "pip install" in away.value.next.en


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_fresh_picture_is_read_to_the_last_letter(kind):
    """Drawn anew with another width, name and colours than those that were recorded."""
    look = drawing.Look(width=828, height=1500, scale=2.0, own=(255, 214, 90), page=(239, 240, 243), size=16)
    chat = chats.THIRD[:7]
    [(image, *_), *_] = drawing.screens(chat, look, seed=7, nick="不爱喝奶茶")
    more = {"quality": 88} if kind == "JPEG" else {}
    with reader.reading() as reads:
        log = log_of(reads.see(encoded(image, kind, **more)))
    assert log.nick == "不爱喝奶茶"
    assert read(log.entries)[: len(chat) - 1] == told(chat)[:-1]
