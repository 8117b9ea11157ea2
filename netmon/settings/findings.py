"""Pydantic's findings about an operator's YAML file as sentences with the line they stand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag

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
    """What the sentences need to know.

    `model` is that of the whole file. Values in the sections `never_quoted`, and under any key of `may_hold_secrets`,
    are not repeated; in a section of `quoted_only` no others than those of its keys there are. Sections in `unions`
    look different by their driver, which pydantic names as a step of the path.
    """

    model: type[BaseModel]
    never_quoted: frozenset[str] = frozenset()
    may_hold_secrets: frozenset[str] = frozenset()
    quoted_only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unions: frozenset[str] = frozenset()

    def quotes(self, location: tuple[str | int, ...]) -> bool:
        """Whether what the operator wrote there may be shown."""
        section, key = (location[0], location[-1]) if location else ("", "")
        if section in self.quoted_only and key not in self.quoted_only[str(section)]:
            return False
        return section not in self.never_quoted and not self.may_hold_secrets.intersection(location)

    def as_written(self, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """The path as it stands in the file."""
        return (location[0], *location[2:]) if location and location[0] in self.unions else location


def complain(mistake: Mapping[str, Any], document: Document, page: Page, findings: Findings) -> None:
    """Write one of pydantic's mistakes on the page, with the line of the value it is about."""
    location = findings.as_written(tuple(mistake["loc"]))
    if mistake["type"] == "union_tag_invalid":
        location = (*location, "driver")
    if location and location[-1] == "[key]" and mistake["type"] != "extra_forbidden":
        location = location[:-1]
    what, fix = _sentence(mistake, location, findings)
    page.wrong(document.line_of(location), path_text(location), what, fix)


def _sentence(mistake: Mapping[str, Any], location: tuple[str | int, ...], findings: Findings) -> tuple[str, str]:
    kind, given = mistake["type"], mistake["input"]
    if kind == "union_tag_invalid":
        given = mistake["ctx"]["tag"]
    quoted = _quoted(given) if findings.quotes(location) else ""
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(location[-1]), _keys_of(findings.model, tuple(mistake["loc"])[:-1]))
    if kind == "missing":
        return "is missing", "add it"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _instead("should be a section", quoted), "put its keys below it, indented"
    if kind == "string_type":
        return _instead("should be text", quoted), "" if isinstance(given, (dict, list)) else "put it in quotes"
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        known = _words(mistake["ctx"].get("expected") or mistake["ctx"]["expected_tags"])
        return f"{quoted or 'what stands there'} is not known here", did_you_mean(str(given), known)
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
    section: type[BaseModel] = model
    annotation: Any = model
    for part in location:
        if part in _tags(annotation):
            annotation = _tags(annotation)[part]
        elif part in section.model_fields:
            field = section.model_fields[str(part)]
            annotation = field.annotation or annotation
        section = _section_in(annotation) or section
    return [field.alias or name for name, field in section.model_fields.items()]


def _tags(annotation: Any) -> dict[str | int, Any]:
    """The sections of a union by their drivers; nothing for any other annotation."""
    options = [get_args(one) for one in get_args(annotation) if get_origin(one) is Annotated]
    return {mark.tag: option[0] for option in options for mark in option[1:] if isinstance(mark, Tag)}


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section in an annotation such as `tuple[Section, ...]`, `dict[str, Section]` or `Section | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _section_in(one))), None)
