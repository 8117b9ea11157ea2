"""Settings of how netmon runs: files, database, web pages, tickets, reload, log."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from netmon.settings.values import ConfigPath, Count, IpAddress, Positive, Section, Share, StoreUrl, TokenDigest


class StoreSettings(Section):
    """Where faults, tickets and the outbox are kept."""

    url: StoreUrl = Field(
        "sqlite:///netmon.db",
        description="Database URL. A relative SQLite file starts at the state directory; default 'sqlite:///netmon.db'.",
    )
    keep: Positive = Field(
        730 * 86400.0,
        description="Faults that ended this long ago are deleted, with their tickets and notices. Seconds; "
        "default 730d.",
    )


class Web(Section):
    """Status page, API and metrics."""

    listen: IpAddress = Field(
        "127.0.0.1",
        description="Address to listen on. Default 127.0.0.1: only this machine. "
        "'0.0.0.0' or '::' opens the pages to the network, to those who have the token or a certificate.",
    )
    port: Annotated[Count, Field(ge=0, le=65535)] = Field(
        9870, description="TCP port; 0 takes any free one. Default 9870."
    )
    token_sha256: TokenDigest = Field(
        "",
        description="SHA-256 of the token that other machines must show; 'netmon token' makes both. "
        "Default '': only this machine may look.",
    )
    tls_certificate: ConfigPath | None = Field(
        None,
        description="PEM file with the certificate of this machine and those in between; the pages are then served "
        "by https. Read again at each reload. Path from this file; default none.",
    )
    tls_key: ConfigPath | None = Field(
        None,
        description="PEM file with its private key, without a passphrase. With LoadCredential=web-key in the unit it "
        "is /run/credentials/netmon.service/web-key. Path from this file; default none.",
    )
    client_ca: ConfigPath | None = Field(
        None,
        description="PEM file with the certificates that vouch for clients: whoever shows one of theirs needs no "
        "token. Path from this file; default none.",
    )

    insecure: bool = Field(
        default=False,
        strict=True,
        description="Whether the token may cross the network without TLS, because a proxy or a VPN protects the way. "
        "Default false: on a network address netmon wants tls_certificate and tls_key.",
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together; give both or neither")
        if self.client_ca is not None and self.tls_certificate is None:
            raise ValueError("client_ca needs tls_certificate and tls_key: clients show certificates by https only")
        return self

    @property
    def is_in_the_clear(self) -> bool:
        """Whether what the pages say, and the token, could be read on the way."""
        return self.tls_certificate is None and not self.is_loopback

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the pages."""
        return ipaddress.ip_address(self.listen).is_loopback


class InventorySettings(Section):
    """Where the lists of villages, devices and people are."""

    directory: ConfigPath = Field(
        Path("inventory"), description="Folder with the five CSV files. Path from this file; default 'inventory'."
    )


class TicketSettings(Section):
    """Life of a ticket."""

    close_after: Positive = Field(
        86400.0, description="A resolved ticket is closed after this time. Seconds; default 24h."
    )


class Reload(Section):
    """Taking in changed files while running."""

    retired_share: Share = Field(
        0.05,
        description="A reload that would retire more than this part of the active devices needs --accept. "
        "0..1; default 5 %.",
    )


class Log(Section):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least serious lines that are written. Default info: every change, no single probe."
    )
