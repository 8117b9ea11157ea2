"""Profile files -> `Profile`s, shipped ones and the operator's, with every mistake at once.

Shipped profiles are package data in netmon/settings/profiles/. Files in the operator's directory add to them; one with
the name of a shipped profile replaces it.
"""

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from netmon.errors import ComplaintsError
from netmon.model.profiles import Profile
from netmon.settings.complaints import Notes, Page, did_you_mean, listing
from netmon.settings.document import parse, read_text
from netmon.settings.findings import Findings, complain
from netmon.settings.profile_build import Built, Draft, build
from netmon.settings.profile_file import ProfileFile

_ENDINGS = (".yaml", ".yml")


def load_profiles(directory: Path | None = None) -> Mapping[str, Profile]:
    """Read the shipped profiles and those in the operator's directory; by name.

    Raises:
        ComplaintsError: everything that is wrong with the files.
    """
    notes = Notes()
    profiles = draft_profiles(directory, notes)
    if notes.complaints:
        raise ComplaintsError(listing(notes.complaints))
    return profiles


def draft_profiles(directory: Path | None, notes: Notes) -> Mapping[str, Profile]:
    """Read what can be read; complaints go to the notes."""
    drafts = _read_all(_shipped_files(), notes)
    if directory is not None:
        if directory.is_dir():
            drafts |= _read_all(sorted(path for path in directory.iterdir() if path.suffix in _ENDINGS), notes)
        else:
            notes.page(str(directory)).wrong(0, "", "no such directory", "make it, or leave the setting out")
    return _build_all(drafts)


def _shipped_files() -> list[Path | Traversable]:
    folder = resources.files("netmon.settings") / "profiles"
    return sorted((file for file in folder.iterdir() if file.name.endswith(_ENDINGS)), key=lambda file: file.name)


def _read_all(files: list[Path] | list[Path | Traversable], notes: Notes) -> dict[str, Draft]:
    drafts: dict[str, Draft] = {}
    for file in files:
        draft = _read(file, notes.page(file.name))
        if draft is None:
            continue
        first = drafts.get(draft.file.profile)
        if first is not None:
            draft.page.wrong(
                draft.document.line_of(("profile",)),
                "profile",
                f"'{draft.file.profile}' stands in {first.page.file}, too",
                "give one of them another name",
            )
        drafts[draft.file.profile] = draft
    return drafts


def _read(file: Path | Traversable, page: Page) -> Draft | None:
    text = read_text(file, page) if isinstance(file, Path) else file.read_text(encoding="utf-8")
    document = None if text is None else parse(text, page)
    if document is None:
        return None
    try:
        return Draft(ProfileFile.model_validate(document.data), document, page)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            complain(mistake, document, page, Findings(ProfileFile))
    return None


def _build_all(drafts: Mapping[str, Draft]) -> dict[str, Profile]:
    built: dict[str, Built] = {}
    waiting = dict(drafts)
    while ready := [name for name, draft in waiting.items() if _parent_is(draft, built)]:
        for name in ready:
            draft = waiting.pop(name)
            built[name] = build(draft, built[draft.file.extends] if draft.file.extends else None)
    for draft in waiting.values():
        extends = draft.file.extends or ""
        what = "extends itself in a circle" if extends in drafts else f"there is no profile '{extends}' to extend"
        fix = "" if extends in drafts else did_you_mean(extends, sorted(drafts))
        draft.page.wrong(draft.document.line_of(("extends",)), "extends", what, fix)
    return {name: one.profile for name, one in built.items()}


def _parent_is(draft: Draft, built: Mapping[str, Built]) -> bool:
    return draft.file.extends is None or draft.file.extends in built
