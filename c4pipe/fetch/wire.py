"""Below the client: how a connection is made, including through a proxy, and where a redirect may lead."""

from __future__ import annotations

import base64
import http.client
import socket
import urllib.parse
import urllib.request
from contextlib import suppress
from typing import NamedTuple

from c4pipe.fetch.policy import FetchError, one_line
from c4pipe.text.urls import public


class Key(NamedTuple):
    """The target of a connection."""

    scheme: str  # http or https
    netloc: str  # host, or host:port


class Proxy(NamedTuple):
    """A proxy from the environment, with its credentials."""

    netloc: str
    headers: dict[str, str]


def proxy_for(key: Key) -> Proxy | None:
    """The proxy for a host by HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""
    url = urllib.request.getproxies().get(key.scheme)
    if not url or urllib.request.proxy_bypass(key.netloc):
        return None
    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    user, _, netloc = parts.netloc.rpartition("@")
    return Proxy(netloc, basic("Proxy-Authorization", user))


def told_host(key: Key, proxy: Proxy | None) -> str:
    """Whom a connection leads to, for a person.

    >>> told_host(Key("https", "data.example"), Proxy("proxy.example:3128", {}))
    'data.example through the proxy proxy.example:3128'
    """
    return one_line(f"{key.netloc} through the proxy {proxy.netloc}" if proxy else key.netloc)


def basic(header: str, user: str) -> dict[str, str]:
    """The authorisation header for `user:password` as in a URL; none without a user."""
    token = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
    return {header: f"Basic {token}"} if user else {}


def open_connection(key: Key, proxy: Proxy | None, timeout: float) -> http.client.HTTPConnection:
    """An open connection. `timeout`: seconds, to connect and for every silence after that."""
    kind = http.client.HTTPSConnection if key.scheme == "https" else http.client.HTTPConnection
    connection = kind(proxy.netloc if proxy else key.netloc, timeout=timeout)
    if proxy and key.scheme == "https":
        connection.set_tunnel(key.netloc, headers=proxy.headers)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def shut(sock: socket.socket) -> None:
    """Ends a read in which another thread is waiting."""
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # the socket itself: TLS state belongs to the other thread


def redirected(url: str, location: str) -> str:
    """The target of a redirect: the same host, or any over https; never from https to http.

    >>> redirected("https://a.example/x/y", "../z")
    'https://a.example/z'
    """
    try:
        target = urllib.parse.urljoin(url, location)
        old, new = urllib.parse.urlsplit(url), urllib.parse.urlsplit(target)
        same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
    except ValueError:
        raise FetchError("redirected to something that is not an address") from None
    if not location or not (same or (new.scheme == "https" and new.hostname and "@" not in new.netloc)):
        raise FetchError(
            f"redirected to {one_line(public(target))!r}: only the same host or an https address is followed"
        )
    return urllib.parse.urldefrag(target).url


def explain_error(error: Exception) -> str:
    """A network error in words."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
        return f"not understood ({type(error).__name__})"  # its own message quotes the host, which may quote the URL
    return one_line(str(error)) or type(error).__name__
