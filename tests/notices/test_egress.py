"""No notice reaches what only this machine or its neighbours should reach (design/reliability.md, B12)."""

import socket

import pytest

from cardcase.connectors import egress
from cardcase.kit.errors import WrongUse
from cardcase.notices.rules import Outcome, read_address, trial_message
from cardcase.notices.rules.addresses import TargetKind
from cardcase.notices.senders import deliver

PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "127.255.255.254",
    "0.0.0.0", "0",  # noqa: S104 - an address to refuse
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.255", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[fe80::1]", "[fc00::1]",
    "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
    "[2002:c0a8:101::1]",
]  # fmt: skip
BAD = [
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "ftp://example.com/x", "https://user:secret@example.com/x",
    "https://", "https:///x", "//example.com/x", "https://exa mple.com/x", "https://example.com/\r\nX: y",
    "https://example.com:99999/", "http://example.com/x", "javascript:alert(1)", "https://[::1", "", "x" * 2000,
    "https://example.com/#x",
]  # fmt: skip


@pytest.fixture
def message(noon):
    return trial_message("notice_1_1", "礼卡小铺", "x", at=noon, language="zh-hans")


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_however_it_is_spelt(host, message, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *more, **words: real(name.strip("[]"), *more, **words))
    result = deliver(read_address(TargetKind.WEBHOOK, f"https://{host}/x"), message, allow_private=False)
    assert (result.outcome, result.why) in [(Outcome.REFUSED, "address_private"), (Outcome.AWAY, "name_unknown")]
    if host != "0x7f.0.0.1":
        assert result.why == "address_private"


@pytest.mark.parametrize("text", BAD)
def test_an_address_of_another_kind_is_not_taken_at_all(text):
    with pytest.raises(WrongUse) as refused:
        read_address(TargetKind.WEBHOOK, text)
    assert refused.value.problem_code == "bad_target_address"
    assert "user:secret" not in str(refused.value)


def answers(*addresses):
    return lambda _host, port, **_words: [
        (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses
    ]


def test_a_name_that_leads_inside_is_refused(message, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers("192.168.1.10"))
    result = deliver(read_address(TargetKind.WEBHOOK, "https://innocent.example/x"), message, allow_private=False)
    assert result.why == "address_private"


def test_one_private_answer_among_public_ones_is_enough(message, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "127.0.0.1"))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    result = deliver(read_address(TargetKind.WEBHOOK, "https://rebinding.example/x"), message, allow_private=False)
    assert result.why == "address_private"


def test_the_name_is_asked_once_and_the_connection_goes_to_what_was_looked_at(message, monkeypatch):
    asked, reached = [], []

    def ask(host, port, **words):
        asked.append(host)
        return answers("93.184.216.34" if len(asked) == 1 else "127.0.0.1")(host, port, **words)

    def connect(_self, address):
        reached.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    monkeypatch.setattr(socket.socket, "connect", connect)
    result = deliver(read_address(TargetKind.WEBHOOK, "https://rebinding.example/x"), message, allow_private=False)
    assert result.why == "not_reached"
    assert asked == ["rebinding.example"]
    assert reached == [("93.184.216.34", 443)]


@pytest.mark.parametrize("kind", [TargetKind.BARK, TargetKind.EMAIL])
def test_the_other_kinds_are_held_to_the_same(kind, message, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    text = {
        TargetKind.BARK: "https://127.0.0.1/abcdef123456",
        TargetKind.EMAIL: "smtps://a%40example.com@127.0.0.1/?from=a@example.com&to=b@example.com",
    }[kind]
    result = deliver(read_address(kind, text, "secret"[: 6 * (kind is TargetKind.EMAIL)]), message, allow_private=False)
    assert (result.outcome, result.why) == (Outcome.REFUSED, "address_private")


def test_mail_and_bark_without_encryption_need_the_same_permission():
    for kind, text in [
        (TargetKind.EMAIL, "smtp+plain://a@mail.example.com/?from=a@example.com&to=b@example.com"),
        (TargetKind.BARK, "http://bark.example.com/abcdef123456"),
        (TargetKind.WEBHOOK, "http://hook.example.com/x"),
    ]:
        with pytest.raises(WrongUse):
            read_address(kind, text, "")
        read_address(kind, text, "", allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_the_open_internet_is_open(address):
    assert egress.is_public(address)


def test_redirects_to_inside_are_not_followed(other_side, message):
    other_side.status, other_side.headers = 307, {"Location": "http://169.254.169.254/latest/meta-data/"}
    address = read_address(TargetKind.WEBHOOK, other_side.url, allow_private=True)
    assert deliver(address, message, allow_private=True).why == "redirected"
    assert len(other_side.got) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(message, tmp_path, monkeypatch):
    """A TLS server with a certificate of its own making."""
    import datetime as dt
    import ssl
    import threading

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    whole = tmp_path / "cert.pem"
    whole.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True):
                pass
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    url = f"https://localhost:{listener.getsockname()[1]}/x"
    result = deliver(read_address(TargetKind.WEBHOOK, url), message, allow_private=True)
    listener.close()
    assert (result.outcome, result.why) == (Outcome.REFUSED, "tls_failed")
