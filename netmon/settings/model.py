"""Everything that can be set in netmon.yaml, each key documented where it is declared: meaning, unit, default.

Sections become the policies of `netmon.rules` in the assembly; the defaults are promises and pinned by a test.
"""

from typing import Any

from pydantic import Field

from netmon.settings.credentials import CredentialName, Source
from netmon.settings.gateways import FileMail, FileSms, Mail, Sms
from netmon.settings.running import InventorySettings, Log, Reload, StoreSettings, TicketSettings, Web
from netmon.settings.telling import Notices, Templates
from netmon.settings.values import Section
from netmon.settings.watching import Conclude, Health, Isolation, Probing


class Settings(Section):
    """netmon.yaml. Every key may be left out."""

    probing: Probing = Field(Probing(), description="How devices are asked.")
    health: Health = Field(Health(), description="When a device counts as down, and as up again.")
    conclude: Conclude = Field(Conclude(), description="How failures are gathered into faults.")
    isolation: Isolation = Field(Isolation(), description="How netmon notices that it is itself cut off.")
    notices: Notices = Field(Notices(), description="What people are told, and when.")
    mail: Mail = Field(FileMail(), description="How mail is delivered.")
    sms: Sms = Field(FileSms(), description="How SMS is delivered.")
    templates: Templates = Field(Templates(), description="Texts of the messages.")
    credentials: dict[CredentialName, Source] = Field(
        {},
        description="Where secrets are found, by name: systemd, environment (NETMON_CREDENTIAL_NAME) or a path; for an "
        "SNMPv3 user a section with source, user, auth, priv and priv_credential. Default none.",
    )
    store: StoreSettings = Field(StoreSettings(), description="Where faults, tickets and the outbox are kept.")
    web: Web = Field(Web(), description="Status page, API and metrics.")
    inventory: InventorySettings = Field(
        InventorySettings(), description="Where the lists of villages, devices and people are."
    )
    tickets: TicketSettings = Field(TicketSettings(), description="Life of a ticket.")
    reload: Reload = Field(Reload(), description="Taking in changed files while running.")
    log: Log = Field(Log(), description="What is written to the log.")


def settings_schema() -> dict[str, Any]:
    """JSON Schema of netmon.yaml, for editors that complete and explain keys."""
    return Settings.model_json_schema(mode="validation")
