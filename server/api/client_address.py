"""Who is at the other end: which address a limit counts for, and whether it is this machine itself."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from flask import Flask, request

from server.config import is_loopback
from server.errors import Malformed

_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
_PORT = re.compile(r"(?P<v4>[\d.]+):\d+|\[(?P<v6>[0-9A-Fa-f:.]+)\](:\d+)?", re.ASCII)
# What proxies add; any of them is enough, for a proxy that was not announced to us may stand on this very machine.
_FORWARDING = re.compile(
    r"Forwarded|Via|X-Forwarded(-.*)?|X-Real-Ip|X-Original-.*|(.*-)?(Connecting|Client)-Ip",
    re.ASCII | re.IGNORECASE,
)
_NETWORK = 64  # bits: what a provider gives to one household; all its addresses are the same sender


def install(app: Flask) -> None:
    """Refuse a Host that is several, or none that could be one, before anything relies on it (RFC 9112, 3.2)."""
    app.before_request(_refuse_odd_host)


def _refuse_odd_host() -> None:
    host = request.headers.get("Host", "")
    if host and not _HOST.fullmatch(host):
        raise Malformed("The Host header must name one host, with or without a port.")


def client_address() -> str:
    """Return the address that limits count for, as far as the trusted proxies tell: of IPv6 a whole /64."""
    told = request.remote_addr or ""
    address = _address(told)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address.packed, _NETWORK), strict=False))
    return str(address) if address else told[:64]


def from_this_machine() -> bool:
    """Whether the peer is this machine itself, with no sign of a proxy that speaks for somebody else.

    The number of trusted proxies changes nothing: what they tell comes in headers, any of which is such a sign. A
    request of HTTP/1.0 counts as a proxy's: nginx passes requests on in it, without any header of its own and with its
    own Host, unless told otherwise. The Host is looked at because a web page can point a name of its own at 127.0.0.1.
    """
    address = _address(request.remote_addr or "")
    return (
        address is not None
        and address.is_loopback
        and not any(_FORWARDING.fullmatch(name) for name, _ in request.headers)
        and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
        and _names_loopback(request.headers.get("Host", ""))
    )


def _address(told: str) -> IPv4Address | IPv6Address | None:
    """Return the address of a text, which may have a port; an IPv4 address inside an IPv6 one is the IPv4 address."""
    ported = _PORT.fullmatch(told)
    try:
        address = ip_address((ported["v4"] or ported["v6"]) if ported else told)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _names_loopback(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].lower())
