"""netmon.yaml -> Settings, with every mistake at once (DESIGN section 6, promise 6).

Text, then data, then validation; pydantic's findings become sentences with the line they stand on. What the operator
wrote is quoted only where it cannot be a secret.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from netmon.errors import ComplaintsError
from netmon.settings.complaints import Notes, Page, listing
from netmon.settings.document import Document, parse, read_text
from netmon.settings.findings import Findings, complain
from netmon.settings.model import Settings
from netmon.settings.values import Bases

_UNION_SECTIONS = ("mail", "sms")
_FINDINGS = Findings(
    Settings,
    never_quoted=frozenset({"credentials", "store"}),
    may_hold_secrets=frozenset({"url", "headers", "fields", "token_sha256"}),
    # Where netmon logs in, a password may have been pasted beside any key.
    quoted_only={
        "mail": frozenset({"driver", "security"}),
        "sms": frozenset({"driver", "method", "body", "number"}),
        "web": frozenset({"listen"}),
    },
    unions=frozenset(_UNION_SECTIONS),
)


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """What could be read: settings in which mistaken sections have their defaults, and the names of those sections."""

    settings: Settings
    mistaken: frozenset[str]
    document: Document


def load_settings(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and validate netmon.yaml; paths in the result are absolute.

    Args:
        path: the file.
        environ: where STATE_DIRECTORY is looked up; the process's environment by default.

    Raises:
        ComplaintsError: everything that is wrong with the file.
    """
    notes = Notes()
    draft = draft_settings(path, notes, environ)
    if draft is None or notes.complaints:
        raise ComplaintsError(listing(notes.complaints))
    return draft.settings


def draft_settings(path: Path, notes: Notes, environ: Mapping[str, str] | None = None) -> SettingsDraft | None:
    """Read netmon.yaml as far as it can be read; complaints go to the notes. None where it is no YAML at all."""
    text = read_text(path, notes.page(str(path)))
    if text is None:
        return None
    page = notes.page(path.name)
    before = len(notes.complaints)
    document = parse(text, page)
    if document is None:
        return None
    bases = Bases(Path(os.path.abspath(path.parent)), state_directory(environ))
    mistaken = {one.column.partition(".")[0].partition("[")[0] for one in notes.complaints[before:]}
    try:
        settings = Settings.model_validate(document.data, context=bases)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        for mistake in mistakes:
            complain(mistake, document, page, _FINDINGS)
        mistaken |= {str(mistake["loc"][0]) for mistake in mistakes}
        rest = {key: value for key, value in document.data.items() if key not in mistaken}
        settings = Settings.model_validate(rest, context=bases)
    _check_names(settings, mistaken, document, page)
    notes.complaints[before:] = sorted(notes.complaints[before:], key=lambda one: one.line)
    return SettingsDraft(settings, frozenset(mistaken), document)


def _check_names(settings: Settings, mistaken: set[str], document: Document, page: Page) -> None:
    """A gateway's credential must be declared, or netmon would find out only when it starts."""
    for section in _UNION_SECTIONS:
        name = getattr(getattr(settings, section), "credential", None)
        if name is None or {section, "credentials"} & mistaken:
            continue
        line, key = document.line_of((section, "credential")), f"{section}.credential"
        if name not in settings.credentials:
            page.wrong(
                line, key, "is not declared under credentials", f"declare it, e.g. credentials: {{{name}: systemd}}"
            )
            mistaken.add(section)
        elif settings.credentials[name].user is not None:
            page.wrong(line, key, "names an SNMPv3 user", "name a credential with one secret")
            mistaken.add(section)
    _check_second_passphrases(settings, document, page)


def _check_second_passphrases(settings: Settings, document: Document, page: Page) -> None:
    for name, source in settings.credentials.items():
        other = settings.credentials.get(source.priv_credential)
        if source.priv_credential and (other is None or other.user is not None):
            what = "is not declared under credentials" if other is None else "names an SNMPv3 user"
            line = document.line_of(("credentials", name, "priv_credential"))
            fix = f"declare it, e.g. {source.priv_credential}: systemd" if other is None else "name one with one secret"
            page.wrong(line, f"credentials.{name}.priv_credential", what, fix)


def state_directory(environ: Mapping[str, str] | None = None) -> Path:
    """Folder for what netmon writes: systemd's STATE_DIRECTORY (the first of several), else `var` right here."""
    given = (os.environ if environ is None else environ).get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(os.path.abspath(given or "var"))
