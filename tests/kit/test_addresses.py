from ipaddress import ip_network

import pytest

from cardcase.kit.addresses import client_address, network_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "who"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),  # no proxy of ours: what it says is its own invention
        ("10.0.0.9", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.9", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left one was sent by the visitor
        ("10.0.0.9", "1.1.1.1, 198.51.100.7, 10.0.0.3", "198.51.100.7"),  # two proxies of ours
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "unknown", "10.0.0.9"),
        ("10.0.0.9", "1.1.1.1, junk, 10.0.0.3", "10.0.0.3"),
        ("10.0.0.9", "198.51.100.7:4711", "198.51.100.7"),
        ("fd00::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:10.0.0.9", "198.51.100.7", "198.51.100.7"),
        ("::ffff:203.0.113.5", "", "203.0.113.5"),
        ("", "198.51.100.7", ""),
        ("unix:", "198.51.100.7", "unix:"),
        ("10.0.0.9", ",".join(["10.0.0.8"] * 1000), "10.0.0.8"),
    ],
)
def test_only_a_trusted_proxy_says_who_asks(remote, forwarded, who):
    assert client_address(remote, forwarded, PROXIES) == who


def test_without_proxies_nobody_is_believed():
    assert client_address("127.0.0.1", "198.51.100.7", ()) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_one_line_is_one_visitor(address, network):
    assert network_of(address) == network
