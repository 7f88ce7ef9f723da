"""A host is the name under which a client asks for a server, as the header `Host` has it."""

from __future__ import annotations

import ipaddress
import re

HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::\d{0,5})?", re.ASCII)
"""A name or an address, and perhaps a port; nothing that means something to a shell or in HTML."""


def is_own(host: str) -> bool:
    """Whether a host, with any port, can mean nothing but the machine that it is said on.

    Examples
    --------
    >>> [is_own(host) for host in ("localhost:8000", "127.0.0.1", "[::1]:80")]
    [True, True, True]
    >>> [is_own(host) for host in ("evil.example", "localhost.evil.example", "0.0.0.0", "")]
    [False, False, False, False]
    """
    found = HOST.fullmatch(host)
    if found is None:
        return False
    if (found["name"] or "").lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(found["v6"] or found["name"]).is_loopback
    except ValueError:
        return False
