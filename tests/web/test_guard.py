"""What protects the page, over a real server: methods, hosts, tokens, sizes, headers, a store that is gone."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from crawler.web.guard import given_tokens, host_name
from tests.web.conftest import Served


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_get_and_head_are_answered(page: Served, method: str) -> None:
    answer = page.client.request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_has_the_headers_and_no_body(page: Served) -> None:
    answer = page.client.head("/about")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "", "[::2]"])
def test_a_foreign_host_is_refused(page: Served, host: str) -> None:
    assert page.client.get("/", headers={"Host": host}).status_code in {400, 421}


def test_every_answer_has_the_security_headers(page: Served) -> None:
    for path in ("/", "/nowhere", "/healthz", "/static/style.css", "/feeds/search.atom"):
        headers = page.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-robots-tag"] == "noindex, nofollow", path


def test_a_token_is_needed_if_there_is_one(serve: Callable[..., Served]) -> None:
    served = serve(token="öffne-dich-1234567")
    get = served.client.get
    assert get("/").status_code == 401
    assert get("/", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert get("/", auth=("anyone", "öffne-dich-1234567")).status_code == 200
    assert get("/feeds/search.atom", params={"token": "öffne-dich-1234567"}).status_code == 200
    assert get("/healthz").status_code == 200
    feed = get("/feeds/search.atom", params={"token": "öffne-dich-1234567", "q": "米粉"}).text
    assert "dich-1234567" not in feed


def test_a_long_query_string_is_refused_before_it_is_read(page: Served) -> None:
    assert page.client.get("/search?q=" + "a" * 10_000).status_code == 414


def test_what_takes_too_long_is_cut_off(serve: Callable[..., Served]) -> None:
    served = serve(max_seconds=0.0)
    answer = served.client.get("/search?q=米粉")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_crowd_is_told_to_come_back(serve: Callable[..., Served]) -> None:
    served = serve(max_waiting=0)
    assert served.client.get("/").status_code == 503


def test_readers_who_send_nothing_keep_nobody_out(page: Served) -> None:
    host, port = page.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(60)]
    try:
        assert page.client.get("/about").status_code == 200
    finally:
        for each in idle:
            each.close()


def test_broken_http_gets_400(page: Served) -> None:
    host, port = page.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nBad\x00Header\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_host_names() -> None:
    assert [host_name(each) for each in ("LOCALHOST:80", "[::1]:8765", "a.cn", " a.cn ")] == [
        "localhost",
        "[::1]",
        "a.cn",
        "a.cn",
    ]


def test_tokens_of_every_kind() -> None:
    assert given_tokens("Bearer abc", b"") == ["abc"]
    assert given_tokens("Basic dTpwYXNz", b"token=q") == ["pass", "q"]
    assert given_tokens("Basic %%%", b"") == []
