"""Which addresses a crawl may ask: pure decisions over an address as text, and over an IP address."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
_LOCAL = re.compile(r"(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$")
# The URL standard reads a host as IPv4 where its last label is a number: decimal, octal or hexadecimal.
_NUMERIC = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.I)
_NAT64 = IPv6Network("64:ff9b::/96")

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Refusal:
    """Why an address is not asked: `reason` is one word (`foreign_scheme`, `credentials`, `odd_address`,
    `private_address`, `foreign_port`), `detail` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Allowed:
    """What the setting GUARD_ALLOWED lets through although it is private or has a port of its own."""

    hosts: Collection[str] = frozenset()
    """Names or IP addresses, with every port, or `host:port`."""
    networks: tuple[object, ...] = field(default=())

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """From `host`, `host:port` and `network/bits` entries. Raises ValueError for a network that is none."""
        rows = [entry.strip().lower() for entry in entries if entry.strip()]
        return cls(
            frozenset(row for row in rows if "/" not in row), tuple(ip_network(row) for row in rows if "/" in row)
        )

    def holds(self, host: str, port: int | None = None) -> bool:
        """Whether a host is allowed, whatever it resolves to."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def names(self, host: str) -> bool:
        """Whether a host is allowed at some port at least."""
        return any(host in {entry, entry.rpartition(":")[0]} for entry in self.hosts)

    def holds_ip(self, ip: Ip) -> bool:
        """Whether an IP address lies in an allowed network."""
        return str(ip) in self.hosts or any(ip in network for network in self.networks)  # type: ignore[operator]


def is_public(ip: Ip) -> bool:
    """Whether an IP address is one of the internet: not private, loopback, link-local, carrier-grade NAT, multicast,
    reserved, documentation or unspecified, nor an IPv6 one that leads to such an IPv4 one."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if int(ip) >> 32 == 0:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def literal(host: str) -> Ip | None:
    """The IP address that `host` is in its usual notation, or None for a name and for other notations."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def refusal(url: str, allowed: Allowed, trusted: Collection[tuple[str, int]] = ()) -> Refusal | None:
    """Why the crawl must not ask `url`, or None. `trusted` are the (host, port) pairs that the user or the registry
    named: their ports are not foreign. What a name resolves to is seen where the connection is made (`resolver.py`)."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return Refusal("odd_address", "the address can't be read")
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in PORTS:
        return Refusal("foreign_scheme", f"{parts.scheme}: is no scheme of the web")
    if not host:
        return Refusal("odd_address", "the address names no host")
    if parts.username or parts.password:
        return Refusal("credentials", "the address holds a user name or password")
    return None if allowed.holds(host, port) else _of_host(parts, host, port, allowed, trusted)


def _of_host(
    parts: SplitResult, host: str, port: int | None, allowed: Allowed, trusted: Collection[tuple[str, int]]
) -> Refusal | None:
    ip = literal(host)
    if ip is not None and not (is_public(ip) or allowed.holds_ip(ip)):
        return Refusal("private_address", f"{host} is no address of the internet")
    if ip is None and _NUMERIC.search(host):
        return Refusal("odd_address", f"{host} is an IP address in disguise")
    if ip is None and ("." not in host or _LOCAL.search(host)):
        return Refusal("private_address", f"{host} is a name of a local network")
    # A name that is allowed at one port may lead into a private network.
    if ip is None and allowed.names(host):
        return Refusal("foreign_port", f"{host} is allowed at other ports than {port}")
    if port != PORTS[parts.scheme] and (host, port) not in trusted:
        return Refusal("foreign_port", f"port {port} is not one of the web")
    return None
