"""The replica as a web server: hosts, caching headers, compression, its log, and pages that hurt."""

import gzip
import json
import socket
import subprocess
import sys
import urllib.request
import zlib

import pytest

from crawler.replica import Replica

LIST = "https://www.cfsn.cn/news/22.html"


def test_one_port_answers_for_every_host_by_http_and_https(ask, replica):
    assert "青田县人民政府".encode() in ask("http://www.qingtian.gov.cn/").body
    assert "中国食品安全网".encode() in ask("http://www.cfsn.cn/").body
    assert "要闻".encode() in ask(LIST).body
    assert [(seen.scheme, seen.host, seen.path) for seen in replica.requests] == [
        ("http", "www.qingtian.gov.cn", "/"),
        ("http", "www.cfsn.cn", "/"),
        ("https", "www.cfsn.cn", "/news/22.html"),
    ]


def test_a_bare_domain_is_its_www_host_and_a_strange_one_is_refused(ask):
    assert ask("http://cfsn.cn/").status == 200
    assert ask("http://www.example.com/").status == 502


def test_a_plain_request_with_a_host_header_works_too(replica):
    request = urllib.request.Request(f"http://{replica.address}/robots.txt", headers={"Host": "www.cfsn.cn"})
    with urllib.request.urlopen(request) as response:
        assert response.read().decode().splitlines() == [
            "User-agent: *",
            "Disallow: /news/detail/999/",
            "Disallow: /front/web/site.search",
        ]


def test_a_list_page_is_not_sent_twice_until_it_changes(ask, replica):
    first = ask(LIST)
    assert first.headers["Last-Modified"] == "Fri, 20 Nov 2026 00:00:00 GMT"
    again = ask(LIST, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    replica.advance()
    changed = ask(LIST, If_None_Match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["Last-Modified"] == "Sat, 21 Nov 2026 00:00:00 GMT"


def test_pages_are_gzipped_for_those_who_accept_it(ask):
    packed, plain = ask(LIST, Accept_Encoding="gzip"), ask(LIST)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Content-Encoding"] is None
    assert gzip.decompress(packed.body) == plain.body


def test_the_log_tells_who_asked_for_what(ask):
    ask(LIST, User_Agent="Tester/1")
    ask("http://www.cfsn.cn/nowhere", User_Agent="Tester/1")
    log = json.loads(ask("http://www.cfsn.cn/__replica__/log").body)
    assert [(row["host"], row["path"], row["status"], row["user_agent"]) for row in log] == [
        ("www.cfsn.cn", "/news/22.html", 200, "Tester/1"),
        ("www.cfsn.cn", "/nowhere", 404, "Tester/1"),
    ]
    assert log[0]["time"] <= log[1]["time"]


def test_the_day_advances_over_http(ask, replica):
    assert json.loads(ask("http://www.cfsn.cn/__replica__/advance", b"").body) == {"day": 2}
    assert replica.day == 2


def test_a_large_page_and_a_bomb(ask):
    assert len(ask("https://www.cfsn.cn/__replica__/large").body) > 30_000_000
    bomb = ask("https://www.cfsn.cn/__replica__/bomb")
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(bomb.body) < 1_000_000
    assert len(zlib.decompressobj(31).decompress(bomb.body, 150_000_000)) == 150_000_000


@pytest.mark.parametrize(("kind", "status"), [("loop", 302), ("error", 500), ("broken", 200), ("nothing", 404)])
def test_other_trouble(ask, kind, status):
    assert ask(f"http://www.cfsn.cn/__replica__/{kind}").status == status


def test_closing_ends_open_connections_and_frees_the_port():
    replica = Replica()
    host, port = replica.address.split(":")
    plain, tunnel = (socket.create_connection((host, int(port)), timeout=10) for _ in range(2))
    with plain, tunnel:
        tunnel.sendall(b"CONNECT www.cfsn.cn:443 HTTP/1.1\r\n\r\n")
        assert tunnel.recv(100).startswith(b"HTTP/1.1 200")
        replica.close()
        assert plain.recv(100) == b""
    with Replica(int(port)) as again:
        assert again.address == replica.address
    replica.close()  # closing what is closed is no error


def test_a_port_in_use_gets_one_sentence(replica):
    port = replica.address.split(":")[1]
    command = [sys.executable, "-m", "crawler.replica", "--port", port]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 1
    assert f"the replica cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr
