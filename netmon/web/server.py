"""Serving the pages: one listening socket, opened before anything else so that a taken port is known at once.

The socket may also come from systemd (sd_listen_fds(3)) or from the start of the program, before it entered a network
namespace. uvicorn installs no signal handlers here: signals belong to the daemon.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Iterator, Mapping

import uvicorn
from fastapi import FastAPI

from netmon.errors import InputError, NotYetError
from netmon.ports import Clock
from netmon.web.patience import PatientProtocol, Places

_FIRST_INHERITED = 3
HANDSHAKE_SECONDS = 5.0
"""Within which a client must have agreed on TLS."""
_HEADER_BYTES = 16 * 1024
_KEEP_ALIVE_SECONDS = 15
_GOODBYE_SECONDS = 3
_BACKLOG = 128
_PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 120.0
"""How long an address may take to appear: DHCP, or a tunnel, after the machine has booted."""
log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes any free one.

    Raises:
        NotYetError: the address is not this machine's; while it boots, it may become so.
        InputError: the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"{host!r} is not an address to listen on: {error.strerror}.") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        complaint = NotYetError if error.errno == errno.EADDRNOTAVAIL else InputError
        raise complaint(_refusal(error, host, port)) from error
    return listening


async def listen_once_possible(host: str, port: int, clock: Clock, patience: float = PATIENCE_SECONDS) -> socket.socket:
    """Open the listening socket, waiting for an address that a booting machine does not have yet.

    Raises:
        NotYetError: it has not got it within `patience` seconds.
        InputError: as for `listen`.
    """
    give_up, is_told = clock.now().monotonic + patience, False
    while True:
        try:
            return listen(host, port)
        except NotYetError as error:
            if clock.now().monotonic >= give_up:
                raise
            if not is_told:
                log.warning("pages=waiting seconds=%.0f reason=%r", patience, str(error))
            is_told = True
        await clock.sleep(_PAUSE_SECONDS)


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; stop that or choose another port."
    if error.errno == errno.EACCES:
        return f"Port {port} is not allowed to this user; choose one above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; listen on one that is, or on 127.0.0.1."
    return f"Cannot listen on {host} port {port}: {error.strerror}."


def inherited_socket(environment: Mapping[str, str], process: int) -> socket.socket | None:
    """The listening socket handed over by systemd, None where there is none (sd_listen_fds(3)).

    Raises:
        InputError: what was handed over is no listening stream socket.
    """
    if environment.get("LISTEN_PID") != str(process) or environment.get("LISTEN_FDS", "0") == "0":
        return None
    try:
        inherited = socket.socket(fileno=_FIRST_INHERITED)
        inherited.set_inheritable(False)
        listens = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise InputError("The socket handed over by systemd cannot be used; check the .socket unit.") from error
    if not listens or inherited.type != socket.SOCK_STREAM:
        inherited.detach()
        raise InputError("The socket handed over by systemd does not listen; use ListenStream= in the .socket unit.")
    return inherited


def address_of(listening: socket.socket) -> str:
    """Where others reach the socket, host:port; the machine's name where it listens on every address."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _QuietServer(uvicorn.Server):
    """uvicorn on one open socket, without its signal handlers.

    Connections are taken here: uvicorn counts them only after a TLS handshake, which it lets take a minute.
    """

    def __init__(self, config: uvicorn.Config, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self._listening = listening
        self._tls = tls
        self._places = Places()
        self._greetings: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._listening.settimeout(0)
        await super().startup(sockets=[])

    async def main_loop(self) -> None:
        taking = asyncio.create_task(self._take(), name="web connections")
        try:
            await super().main_loop()
        finally:
            for task in (taking, *self._greetings):
                task.cancel()
            await asyncio.gather(taking, *self._greetings, return_exceptions=True)

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listening)
            except OSError:  # no file descriptor left: whoever waits is taken when there is one
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if self._places.take(address[0]):
                greeting = loop.create_task(self._greet(connection, address[0]))
                self._greetings.add(greeting)
                greeting.add_done_callback(self._greetings.discard)
            else:
                connection.close()

    async def _greet(self, connection: socket.socket, host: str) -> None:
        patience = HANDSHAKE_SECONDS if self._tls is not None else None
        state = self.lifespan.state
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: PatientProtocol(self.config, self.server_state, state, lambda: self._places.leave(host)),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=patience,
                ssl_shutdown_timeout=patience,
            )
        except OSError:  # no TLS, no certificate, or gone already
            self._places.leave(host)


class WebServer:
    """Serves an application on an open socket, and closes that when it ends."""

    def __init__(self, app: FastAPI, listening: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self._listening = listening
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                h11_max_incomplete_event_size=_HEADER_BYTES,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GOODBYE_SECONDS,
            ),
            listening,
            tls,
        )

    @property
    def is_serving(self) -> bool:
        """Whether requests are being answered."""
        return self._server.started and not self._server.should_exit

    async def run(self) -> None:
        """Serve until cancelled; then answer what was asked already, for a few seconds, and close the socket."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._listening]), name="web server")
        try:
            await asyncio.shield(serving)
        finally:
            self._server.should_exit = True
            await serving
