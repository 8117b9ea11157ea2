"""netmon.yaml -> Settings, with every mistake at once (DESIGN section 6, promise 6).

Text, then data, then validation; pydantic's findings become sentences with the line they stand on. What the operator
wrote is quoted only where it cannot be a secret.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from netmon.errors import ComplaintsError
from netmon.settings.complaints import Notes, Page, did_you_mean, listing, quote
from netmon.settings.document import Document, parse, path_text, read_text
from netmon.settings.model import Settings
from netmon.settings.values import Bases

_NEVER_QUOTED = ("credentials", "store")
_UNION_SECTIONS = ("mail", "sms")
"""Sections that look different by their driver; pydantic then names the driver as a step of the path."""
_MAY_HOLD_SECRETS = ("url", "headers", "fields")
_PLAINER = {
    "should be a valid integer": "should be a whole number",
    "should be a valid number": "should be a number",
    "should be a valid number, unable to parse string as a number": "should be a number",
    "should be a valid tuple": "should be a list",
    "Field required": "must be given",
    "is not a valid path for <class 'pathlib.Path'>": "should be a path",
}


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
            _complain(mistake, document, page)
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
        if name is not None and name not in settings.credentials and not {section, "credentials"} & mistaken:
            line = document.line_of((section, "credential"))
            fix = f"declare it, e.g. credentials: {{{name}: systemd}}"
            page.wrong(line, f"{section}.credential", "is not declared under credentials", fix)
            mistaken.add(section)


def state_directory(environ: Mapping[str, str] | None = None) -> Path:
    """Folder for what netmon writes: systemd's STATE_DIRECTORY (the first of several), else `var` right here."""
    given = (os.environ if environ is None else environ).get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(os.path.abspath(given or "var"))


def _complain(mistake: Mapping[str, Any], document: Document, page: Page) -> None:
    location = _written(tuple(mistake["loc"]))
    if location[-1] == "[key]" and mistake["type"] != "extra_forbidden":
        location = location[:-1]
    if mistake["type"] == "union_tag_invalid":
        location = (*location, "driver")
    what, fix = _sentence(mistake, location)
    page.wrong(document.line_of(location), path_text(location), what, fix)


def _written(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path as it stands in the file, without the driver that pydantic puts into it."""
    return (location[0], *location[2:]) if location[0] in _UNION_SECTIONS else location


def _sentence(mistake: Mapping[str, Any], location: tuple[str | int, ...]) -> tuple[str, str]:
    kind, given = mistake["type"], mistake["input"]
    quoted = _quoted(given, location)
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(location[-1]), _keys_of(mistake["loc"][:-1]))
    if kind == "union_tag_invalid":
        given, quoted = mistake["ctx"]["tag"], quote(mistake["ctx"]["tag"])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _instead("should be a section", quoted), "put its keys below it, indented"
    if kind == "string_type":
        return _instead("should be text", quoted), "" if isinstance(given, (dict, list)) else "put it in quotes"
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        known = _words(mistake["ctx"].get("expected") or mistake["ctx"]["expected_tags"])
        return f"{quoted} is not known here", did_you_mean(str(given), known)
    message = mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _instead(_PLAINER.get(message, message), quoted), ""


def _instead(wanted: str, quoted: str) -> str:
    return f"{wanted}, not {quoted}" if wanted.startswith("should") and quoted else wanted


def _quoted(given: Any, location: tuple[str | int, ...]) -> str:
    """What the operator wrote, in so far as it may be shown."""
    if location[0] in _NEVER_QUOTED or any(part in _MAY_HOLD_SECRETS for part in location):
        return ""
    if isinstance(given, (dict, list)):
        return "a section" if isinstance(given, dict) else "a list"
    if given is None:
        return "nothing"
    text = str(given).lower() if isinstance(given, bool) else str(given)
    return quote(text)


def _words(expected: str) -> list[str]:
    """Pydantic's "'a', 'b' or 'c'" as a list."""
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]


def _keys_of(location: tuple[str | int, ...]) -> list[str]:
    """Keys of the section at that path."""
    section: Any = Settings
    for part in location:
        if part in _tags(section):
            section = _tags(section)[part]
            continue
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
        annotation = fields[part].annotation if part in fields else section
        # Sections in a mapping (hold_by_cause) are its second argument.
        is_mapping = get_origin(annotation) is dict
        section = get_args(annotation)[1] if is_mapping else annotation
    return list(section.model_fields)


def _tags(section: Any) -> dict[str | int, Any]:
    """The sections of a union by their drivers; nothing for any other annotation."""
    options = [get_args(one) for one in get_args(section) if get_origin(one) is Annotated]
    return {mark.tag: option[0] for option in options for mark in option[1:] if isinstance(mark, Tag)}
