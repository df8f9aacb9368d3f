"""Which addresses a crawl may ask. The lists are of ways in which others were tricked into asking their own network."""

from ipaddress import ip_address

import pytest

from crawler.middlewares.guard import Allowed, find_block_reason, is_public

NOTHING = Allowed()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "private_address"),
        ("http://127.9.8.7/", "private_address"),
        ("http://0.0.0.0/", "private_address"),
        ("http://10.1.2.3/", "private_address"),
        ("http://172.31.255.1/", "private_address"),
        ("http://192.168.0.1/admin", "private_address"),
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://100.64.0.1/", "private_address"),
        ("http://100.100.100.200/latest/meta-data/", "private_address"),
        ("http://198.18.0.9/", "private_address"),
        ("http://224.0.0.1/", "private_address"),
        ("http://255.255.255.255/", "private_address"),
        ("http://[::1]/", "private_address"),
        ("http://[::]/", "private_address"),
        ("http://[::ffff:127.0.0.1]/", "private_address"),
        ("http://[::ffff:a00:1]/", "private_address"),
        ("http://[::127.0.0.1]/", "private_address"),
        ("http://[64:ff9b::10.0.0.1]/", "private_address"),
        ("http://[2002:7f00:1::]/", "private_address"),
        ("http://[fe80::1%25eth0]/", "private_address"),
        ("http://[fd00::1]/", "private_address"),
        ("http://localhost/", "private_address"),
        ("http://LOCALHOST./", "private_address"),
        ("http://db.internal/", "private_address"),
        ("http://printer/", "private_address"),
        ("http://2130706433/", "odd_address"),
        ("http://0177.0.0.1/", "odd_address"),
        ("http://0x7f.1/", "odd_address"),
        ("http://0x7f000001/", "odd_address"),
        ("http://127.1/", "odd_address"),
        ("http://127.0.0.1.:80/", "private_address"),
        ("http://www.cfsn.cn:6379/", "foreign_port"),
        ("https://www.cfsn.cn:80/", "foreign_port"),
        ("http://www.cfsn.cn:99999/", "odd_address"),
        ("http://[::1/", "odd_address"),
        ("http:///x", "odd_address"),
        ("file:///etc/passwd", "foreign_scheme"),
        ("ftp://www.cfsn.cn/", "foreign_scheme"),
        ("gopher://www.cfsn.cn/_x", "foreign_scheme"),
        ("http://user:secret@www.cfsn.cn/", "credentials"),
        ("http://www.cfsn.cn@127.0.0.1/", "credentials"),
        ("http://www.cfsn.cn/", None),
        ("https://www.cfsn.cn:443/news/22.html", None),
        ("http://www.青田.gov.cn/", None),
        ("http://1.1.1.1/", None),
        ("http://[2606:4700:4700::1111]/", None),
        ("http://163.com/", None),
        ("http://www.12315.cn/", None),
    ],
)
def test_addresses(url, reason):
    refused = find_block_reason(url, NOTHING)
    assert (refused and refused.reason) == reason


def test_a_port_is_foreign_unless_the_user_or_the_registry_named_it():
    trusted = {("www.xishan.gov.cn", 8080)}
    assert find_block_reason("http://www.xishan.gov.cn:8080/art/1.html", NOTHING, trusted) is None
    assert find_block_reason("http://www.xishan.gov.cn:8081/art/1.html", NOTHING, trusted).reason == "foreign_port"
    assert find_block_reason("http://oa.xishan.gov.cn:8080/art/1.html", NOTHING, trusted).reason == "foreign_port"


def test_the_setting_lets_through_what_it_names_and_no_more():
    allowed = Allowed.from_entries(["127.0.0.1:8000", "Intranet.Local", "10.2.0.0/16", "198.18.0.0/15"])
    passing = ["http://127.0.0.1:8000/x", "http://intranet.local:99/", "http://10.2.3.4/", "http://198.19.1.1/"]
    assert [find_block_reason(url, allowed) for url in passing] == [None] * 4
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8001/", "http://10.3.0.1/", "http://10.2.3.4:22/"):
        assert find_block_reason(url, allowed) is not None, url
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 network"):
        Allowed.from_entries(["10.0.0.0/zero"])
    # A name that is allowed at one port leads where it likes: its other ports are as foreign as can be.
    named = Allowed.from_entries(["db.example:8080"])
    assert find_block_reason("http://db.example:8080/", named) is None
    assert find_block_reason("http://db.example/", named).reason == "foreign_port"
    assert (named.includes_name("db.example"), named.includes_name("example")) == (True, False)


@pytest.mark.parametrize("ip", ["8.8.8.8", "223.5.5.5", "240e::1", "2400:3200::1", "::ffff:223.5.5.5"])
def test_public(ip):
    assert is_public(ip_address(ip))
