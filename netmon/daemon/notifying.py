"""The drivers that the settings ask for, one per channel."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from netmon.errors import InputError
from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.notices import Channel
from netmon.notifiers import FileMail, FileSms, Letterhead, MailComposer, SmsRenderer, Templates
from netmon.ports import Notifier
from netmon.rules.wording import evidence_lines, sentence
from netmon.settings import Settings


def notifiers_for(settings: Settings, country: Country) -> Mapping[Channel, Notifier]:
    """Mail and SMS as set."""
    templates, notices = Templates(settings.templates.directory), settings.notices
    letterhead = Letterhead(
        address=notices.from_address,
        name=notices.sender_name,
        contact=notices.contact_number,
        map_link=notices.map_link,
    )

    def wording(fault: Fault, language: str) -> tuple[str, Sequence[str]]:
        inventory = country.inventory
        return sentence(fault, inventory, language), evidence_lines(fault, inventory, language)

    for directory in (settings.mail.directory, settings.sms.directory):
        _make(directory)
    composer = MailComposer(templates, letterhead, wording)
    return {
        Channel.MAIL: FileMail(settings.mail.directory, composer),
        Channel.SMS: FileSms(settings.sms.directory, SmsRenderer(templates, notices.contact_number)),
    }


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{directory} cannot be made: {error.strerror}; messages are to be written there.") from error
