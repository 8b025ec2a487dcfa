"""The client's address, for rate limits, and whether the client is this machine."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from flask import Flask, request

from server.config import is_loopback
from server.errors import Malformed

_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
_PORT = re.compile(r"(?P<v4>[\d.]+):\d+|\[(?P<v6>[0-9A-Fa-f:.]+)\](:\d+)?", re.ASCII)
# Headers that proxies add; any one is enough, because a proxy that no setting names may run on this machine.
_FORWARDING = re.compile(
    r"Forwarded|Via|X-Forwarded(-.*)?|X-Real-Ip|X-Original-.*|(.*-)?(Connecting|Client)-Ip",
    re.ASCII | re.IGNORECASE,
)
_NETWORK = 64  # bits of the IPv6 network that a provider gives one household, which counts as one client


def install(app: Flask) -> None:
    """Refuse a malformed or repeated Host header before anything relies on it (RFC 9112, 3.2)."""
    app.before_request(_refuse_odd_host)


def _refuse_odd_host() -> None:
    host = request.headers.get("Host", "")
    if host and not _HOST.fullmatch(host):
        raise Malformed("The Host header must name one host, with or without a port.")


def client_address() -> str:
    """Return the address that limits count for, according to the trusted proxies; of IPv6 the /64."""
    remote = request.remote_addr or ""
    address = _parse_address(remote)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address.packed, _NETWORK), strict=False))
    return str(address) if address else remote[:64]


def from_this_machine() -> bool:
    """Whether the client is on this machine, with no sign of a proxy in between.

    The number of trusted proxies makes no difference: the headers that they add are such signs. HTTP/1.0 counts as a
    sign too, because by default nginx forwards requests in it, with its own Host and no header of its own. The Host is
    checked because a web page can point its own host name at 127.0.0.1 (DNS rebinding).
    """
    address = _parse_address(request.remote_addr or "")
    return (
        address is not None
        and address.is_loopback
        and not any(_FORWARDING.fullmatch(name) for name, _ in request.headers)
        and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
        and _names_loopback(request.headers.get("Host", ""))
    )


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address with or without a port; an IPv4-mapped IPv6 address becomes the IPv4 address."""
    ported = _PORT.fullmatch(text)
    try:
        address = ip_address((ported["v4"] or ported["v6"]) if ported else text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _names_loopback(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].lower())
