"""Pydantic's findings about an operator's YAML file as sentences with the line they stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from netmon.settings.complaints import Page, did_you_mean, quote
from netmon.settings.document import Document, path_text

_PLAINER = {
    "should be a valid integer": "should be a whole number",
    "should be a valid number": "should be a number",
    "should be a valid number, unable to parse string as a number": "should be a number",
    "should be a valid tuple": "should be a list",
    "is not a valid path for <class 'pathlib.Path'>": "should be a path",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What the sentences need to know: the model of the whole file, and sections whose values are never quoted."""

    model: type[BaseModel]
    never_quoted: frozenset[str] = frozenset()


def complain(mistake: Mapping[str, Any], document: Document, page: Page, findings: Findings) -> None:
    """Write one of pydantic's mistakes on the page, with the line of the value it is about."""
    location = tuple(mistake["loc"])
    if location and location[-1] == "[key]" and mistake["type"] != "extra_forbidden":
        location = location[:-1]
    what, fix = _sentence(mistake, location, findings)
    page.wrong(document.line_of(location), path_text(location), what, fix)


def _sentence(mistake: Mapping[str, Any], location: tuple[str | int, ...], findings: Findings) -> tuple[str, str]:
    kind, given = mistake["type"], mistake["input"]
    quoted = "" if location and location[0] in findings.never_quoted else _quoted(given)
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(location[-1]), _keys_of(findings.model, location[:-1]))
    if kind == "missing":
        return "is missing", "add it"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _instead("should be a section", quoted), "put its keys below it, indented"
    if kind == "string_type":
        return _instead("should be text", quoted), "" if isinstance(given, (dict, list)) else "put it in quotes"
    if kind in ("enum", "literal_error"):
        known = _words(mistake["ctx"]["expected"])
        return f"{quoted} is not known here", did_you_mean(str(given), known)
    message = mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _instead(_PLAINER.get(message, message), quoted), ""


def _instead(wanted: str, quoted: str) -> str:
    return f"{wanted}, not {quoted}" if wanted.startswith("should") and quoted else wanted


def _quoted(given: Any) -> str:
    if isinstance(given, (dict, list)):
        return "a section" if isinstance(given, dict) else "a list"
    if given is None:
        return "nothing"
    text = str(given).lower() if isinstance(given, bool) else str(given)
    return quote(text)


def _words(expected: str) -> list[str]:
    """Pydantic's "'a', 'b' or 'c'" as a list."""
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]


def _keys_of(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Keys of the section at that path."""
    section = model
    for part in location:
        if part in section.model_fields:
            section = _section_in(section.model_fields[str(part)].annotation) or section
    names = ((field.alias or name) for name, field in section.model_fields.items())
    return list(names)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section in an annotation such as `tuple[Section, ...]`, `dict[str, Section]` or `Section | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _section_in(one))), None)
