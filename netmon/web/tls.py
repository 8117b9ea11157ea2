"""TLS for the pages, and certificates that let whoever shows one in without the token (mutual TLS).

A client's certificate is asked for, never demanded: Prometheus may show one while a browser gives the token. OpenSSL
checks it against `client_ca` during the handshake, so one that is wrong never gets as far as a request.
"""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import InputError

CERTIFIED = "certified"
"""Key in an ASGI scope's state: whether the client has shown a certificate that `client_ca` vouches for."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The server's certificate chain and its key, and who vouches for clients (None: nobody can); all PEM."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class Tls:
    """What the pages' connections are protected with."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files.

        Raises:
            InputError: a file cannot be read, or is not what it should be.
        """
        self._files = files
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        _load_chain(self.context, files)
        if files.client_ca is not None:
            try:
                self.context.load_verify_locations(files.client_ca)
            except OSError as error:  # ssl.SSLError is one
                raise _complaint("client_ca", files.client_ca, error) from None
            self.context.verify_mode = ssl.CERT_OPTIONAL

    @property
    def knows_clients(self) -> bool:
        """Whether a client's certificate can be checked."""
        return self._files.client_ca is not None

    def renew(self) -> None:
        """Show new connections the certificate as it is on the disk now; it changes every few months.

        Raises:
            InputError: as at the start; the one in use stays.
        """
        _load_chain(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._files)
        _load_chain(self.context, self._files)


def _load_chain(context: ssl.SSLContext, files: TlsFiles) -> None:
    for name, file in (("tls_certificate", files.certificate), ("tls_key", files.key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise _complaint(name, file, error) from None
    try:
        # With no password given, OpenSSL would ask for that of an encrypted key on the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    except (ssl.SSLError, ValueError):
        raise InputError(
            f"web.tls_certificate {files.certificate} and web.tls_key {files.key} are no pair: give a certificate "
            "chain and its private key without a passphrase, both in PEM."
        ) from None


def _complaint(name: str, file: Path, error: OSError) -> InputError:
    reason = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
    return InputError(f"web.{name} {file} cannot be used: {reason}.")


def is_certified(transport: asyncio.BaseTransport) -> bool:
    """Whether the other end of a connection has shown a certificate; only one that was checked is remembered."""
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    return tls is not None and bool(tls.getpeercert())
