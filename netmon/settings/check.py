"""What `netmon check` finds: settings, credentials, templates and inventory, all mistakes at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import InputError
from netmon.model.inventory import Inventory
from netmon.settings.complaints import PRINTED, Complaint, Notes, Page, listing
from netmon.settings.credentials import resolve_snmp
from netmon.settings.gateways import SmtpMail
from netmon.settings.inventory import accept, draft_inventory
from netmon.settings.load import SettingsDraft, draft_settings
from netmon.settings.model import Settings
from netmon.settings.profiles import draft_profiles
from netmon.settings.sheets import LANGUAGES


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything found; settings and inventory are there when nothing is wrong with them."""

    complaints: tuple[Complaint, ...]
    warnings: tuple[Complaint, ...]
    settings: Settings | None = None
    inventory: Inventory | None = None

    @property
    def is_good(self) -> bool:
        """Whether netmon would start with these files."""
        return not self.complaints

    def lines(self, limit: int = PRINTED) -> tuple[str, ...]:
        """Complaints to print, at most `limit` and a count of the rest."""
        return listing(self.complaints, limit)

    def warning_lines(self, limit: int = PRINTED) -> tuple[str, ...]:
        """Warnings to print, at most `limit` and a count of the rest."""
        return listing(self.warnings, limit)


def check(settings_path: Path, environ: Mapping[str, str] | None = None) -> CheckReport:
    """Look at everything netmon reads when it starts. Never raises: whatever is wrong is in the report.

    Args:
        settings_path: netmon.yaml.
        environ: where STATE_DIRECTORY and credentials are looked up; the process's environment by default.
    """
    environ = os.environ if environ is None else environ
    notes = Notes()
    draft = draft_settings(settings_path, notes, environ)
    if draft is None:
        return CheckReport(tuple(notes.complaints), tuple(notes.warnings))
    page = notes.page(settings_path.name)
    settings = None if notes.complaints else draft.settings
    _check_credentials(draft, environ, page)
    _check_templates(draft, page)
    _check_certificates(draft, page)
    _check_pages(draft, page)
    if "probing" not in draft.mistaken:
        draft_profiles(draft.settings.probing.profiles, notes)
    inventory = None if "inventory" in draft.mistaken else _check_inventory(draft, notes)
    return CheckReport(tuple(notes.complaints), tuple(notes.warnings), settings, inventory)


def _check_inventory(draft: SettingsDraft, notes: Notes) -> Inventory | None:
    known = None if "credentials" in draft.mistaken else draft.settings.credentials
    found = draft_inventory(draft.settings.inventory.directory, known)
    notes.complaints.extend(found.notes.complaints)
    notes.warnings.extend(found.notes.warnings)
    return None if found.notes.complaints else accept(found).inventory


def _check_credentials(draft: SettingsDraft, environ: Mapping[str, str], page: Page) -> None:
    # The service may see what this shell does not (systemd hands credentials to the unit only), hence a warning.
    for name in draft.settings.credentials:
        try:
            resolve_snmp(name, draft.settings.credentials, environ)
        except InputError as error:
            line = draft.document.line_of(("credentials", name))
            page.warn(line, f"credentials.{name}", str(error), "netmon run needs it")


def _check_templates(draft: SettingsDraft, page: Page) -> None:
    directory = draft.settings.templates.directory
    if directory is not None and not any((directory / language).is_dir() for language in LANGUAGES):
        line = draft.document.line_of(("templates", "directory"))
        fix = "make the folders, or leave the key out"
        page.wrong(line, "templates.directory", f"{directory} has no folder th or en", fix)


def _check_certificates(draft: SettingsDraft, page: Page) -> None:
    file = draft.settings.mail.ca_file if isinstance(draft.settings.mail, SmtpMail) else None
    if file is not None and not file.is_file():
        line = draft.document.line_of(("mail", "ca_file"))
        page.wrong(line, "mail.ca_file", f"{file} is not there", "give a file with certificates, or leave the key out")


def _check_pages(draft: SettingsDraft, page: Page) -> None:
    web, lines = draft.settings.web, draft.document.line_of
    if not (web.is_loopback or web.token_sha256 or web.client_ca):
        fix = "set web.token_sha256 ('netmon token' makes one) or web.client_ca, or listen on 127.0.0.1"
        page.wrong(lines(("web", "listen")), "web.listen", "opens the pages to the whole network", fix)
    elif web.is_in_the_clear:
        where, what = lines(("web", "listen")), "lets the token and all pages cross the network in the clear"
        if web.insecure:
            page.warn(where, "web.listen", what, "web.insecure says that something else protects the way")
        else:
            fix = (
                "give web.tls_certificate and web.tls_key, or web.insecure: true where a proxy or VPN protects the way"
            )
            page.wrong(where, "web.listen", what, fix)
    for key in ("tls_certificate", "tls_key", "client_ca"):
        file: Path | None = getattr(web, key)
        if file is not None and not file.is_file():
            # As above: a file that systemd hands to the unit is not there for this shell.
            page.warn(lines(("web", key)), f"web.{key}", f"{file} is not there", "netmon run needs it")
