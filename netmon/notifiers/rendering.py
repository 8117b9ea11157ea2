"""Templates of all messages, and what makes them safe.

The packaged templates are the product's texts; a file of the same name in the operator's folder replaces one of them.
Overrides are compiled and checked before any message needs them.
Every value that a template puts out is stripped of control characters first (`clean`), so that no name in the inventory
and no note on a ticket can end a line, a header or a reading direction; HTML templates also escape. Templates run in
Jinja2's sandbox, and a name that nobody gave is an error, never an empty string.
"""

import logging
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    meta,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from netmon.errors import ComplaintsError, InputError
from netmon.notifiers.thai import clock_time, day_and_time, english_date, span, thai_date

log = logging.getLogger(__name__)

LANGUAGES = ("th", "en")
PACKAGED = Path(__file__).parent / "templates"
_SUFFIXES = (".txt", ".html")
_BREAKS = "\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def clean(text: str) -> str:
    """The text in one line: line breaks become spaces; controls, reading directions and stray surrogates go."""
    spaced = "".join(" " if character in _BREAKS else character for character in text)
    return "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _DIRECTIONS).strip()


class Templates:
    """Packaged templates under an operator's folder of overrides (`th/`, `en/`), which may be missing."""

    def __init__(self, overrides: Path | None = None) -> None:
        """Compile everything once.

        Raises:
            ComplaintsError: an override has a mistake; each sentence gives file, line and what to do.
        """
        folders = [overrides, PACKAGED] if overrides is not None else [PACKAGED]
        self._packaged = None if overrides is None else Templates()
        self._complained: set[str] = set()
        self._loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._text = _environment(self._loader, autoescape=False)
        self._html = _environment(self._loader, autoescape=True)
        complaints = [] if overrides is None else [text for name in names_in(overrides) for text in self._wrong(name)]
        if complaints:
            raise ComplaintsError(complaints)

    def render(self, name: str, /, **values: object) -> str:
        """Fill in a template, e.g. `th/mail.txt`.

        Where an override turns out to fail on this message, the packaged texts take over: people must be told.

        Raises:
            InputError: the template cannot be filled in; the sentence says which and why.
        """
        try:
            return self._render(name, values)
        except InputError as error:
            if self._packaged is None:
                raise
            if str(error) not in self._complained:
                self._complained.add(str(error))
                log.error("packaged template used reason=%r", str(error))
            return self._packaged.render(name, **values)

    def _render(self, name: str, values: Mapping[str, object]) -> str:
        try:
            return self._environment_of(name).get_template(name).render(values)
        except TemplateError as error:
            raise InputError(f"The template {name} cannot be filled in: {error.message}.") from error
        except Exception as error:
            # Anything an expression in a template may raise; its text might quote a person's data, so it is left out.
            raise InputError(f"The template {name} cannot be filled in: {type(error).__name__}.") from error

    def variables(self, name: str) -> frozenset[str]:
        """The names a template wants to be given."""
        environment = self._environment_of(name)
        source, _, _ = self._loader.get_source(environment, name)
        return frozenset(meta.find_undeclared_variables(environment.parse(source)))

    def _environment_of(self, name: str) -> Environment:
        return self._html if name.endswith(".html") else self._text

    def _wrong(self, name: str) -> list[str]:
        if self._packaged is None or not (PACKAGED / name).is_file():
            known = ", ".join(names_in(PACKAGED))
            return [f"templates/{name}: no message uses a template of this name; remove it, or name it one of {known}"]
        try:
            self._environment_of(name).get_template(name)
            unknown = self.variables(name) - self._packaged.variables(name)
        except TemplateSyntaxError as error:
            return [f"templates/{name}, line {error.lineno}: {error.message}; correct it or remove the file"]
        except (TemplateError, UnicodeDecodeError, OSError) as error:
            return [f"templates/{name}: {error}; correct it or remove the file"]
        return [f"templates/{name}: nothing is known as '{one}' here; correct it" for one in sorted(unknown)]


def names_in(folder: Path) -> list[str]:
    """Names of the templates in a folder, sorted; none where there is no such folder."""
    found = (path for place in ("", *LANGUAGES) for path in (folder / place).glob("*"))
    return sorted(str(path.relative_to(folder)) for path in found if path.suffix in _SUFFIXES)


def _environment(loader: BaseLoader, *, autoescape: bool) -> Environment:
    """Two environments, not Jinja2's choice by file name.

    A macro of `words.txt` called from an HTML template would count as safe without having escaped anything.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=autoescape,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        thai_date=thai_date, english_date=english_date, day_and_time=day_and_time, clock_time=clock_time, span=span
    )
    return environment


def _finalize(value: Any) -> Any:
    # What has __html__ is HTML made by a template, line breaks and all, not a value.
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
