"""The drivers that the settings ask for, one per channel."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from netmon.engine.inquiry import InquiryPolicy
from netmon.errors import InputError
from netmon.model.country import Country
from netmon.model.faults import Fault
from netmon.model.notices import Channel, Progress, Verdict
from netmon.notifiers import FileMail, FileSms, Letterhead, MailComposer, SmsRenderer, Templates
from netmon.notifiers.http_sms import Body, HttpGateway, HttpSms, Question
from netmon.notifiers.kannel import KannelSms, Smsbox
from netmon.notifiers.numbers import NumberForm
from netmon.notifiers.smtp import MailServer, Security, SmtpMail
from netmon.ports import Notifier, ReportReader, StatusAsker
from netmon.rules.wording import evidence_lines, sentence
from netmon.settings import Settings, gateways, resolve
from netmon.settings.gateways import Poll, StatusWord

_VERDICTS = {
    StatusWord.SENT: Verdict.SENT,
    StatusWord.QUEUED: Verdict.SENT,
    StatusWord.RETRY: Verdict.RETRY,
    StatusWord.PERMANENT: Verdict.PERMANENT,
    StatusWord.UNKNOWN: Verdict.UNKNOWN,
}


ReportTo = Callable[[str], str]
"""The address for delivery reports about the notice with this key, '' for none."""


def notifiers_for(
    settings: Settings, country: Country, stack: AsyncExitStack, report_to: ReportTo | None = None
) -> Mapping[Channel, Notifier]:
    """Mail and SMS as set; what they keep open is closed by `stack`.

    Raises:
        InputError: a folder, a template, a credential or a certificate is unusable; the sentence says which.
    """
    templates, notices = Templates(settings.templates.directory), settings.notices
    letterhead = Letterhead(
        address=notices.from_address,
        name=notices.sender_name,
        contact=notices.contact_number,
        map_link=notices.map_link,
        reply_to=notices.reply_to,
    )

    def wording(fault: Fault, language: str) -> tuple[str, Sequence[str]]:
        inventory = country.inventory
        return sentence(fault, inventory, language), evidence_lines(fault, inventory, language)

    drivers = (
        _mail(settings, MailComposer(templates, letterhead, wording)),
        _sms(settings, SmsRenderer(templates, notices.contact_number), report_to),
    )
    for driver in drivers:
        if isinstance(driver, SmtpMail | KannelSms | HttpSms):
            stack.push_async_callback(driver.close)
    return {driver.channel: driver for driver in drivers}


def _mail(settings: Settings, composer: MailComposer) -> Notifier:
    mail = settings.mail
    if isinstance(mail, gateways.FileMail):
        return FileMail(_made(mail.directory), composer)
    server = MailServer(
        host=mail.host,
        port=mail.port,
        security=Security(mail.security),
        sender=settings.notices.from_address,
        user=mail.user,
        password=_secret(settings, mail.credential),
        ca_file=mail.ca_file,
        timeout=mail.timeout,
        connections=mail.connections,
    )
    return SmtpMail(server, composer)


def report_reader(notifiers: Mapping[Channel, Notifier]) -> ReportReader | None:
    """Whoever understands the SMS gateway's reports; None where it has none."""
    driver = notifiers.get(Channel.SMS)
    return driver if isinstance(driver, KannelSms | HttpSms) else None


def status_asker(settings: Settings, notifiers: Mapping[Channel, Notifier]) -> tuple[StatusAsker, InquiryPolicy] | None:
    """Whoever can ask the SMS gateway what became of a message, and how often; None where nobody is to."""
    driver, poll = notifiers.get(Channel.SMS), getattr(settings.sms, "poll", None)
    if poll is None or not isinstance(driver, HttpSms):
        return None
    return driver, InquiryPolicy(every=poll.every, within=poll.within)


def _sms(settings: Settings, renderer: SmsRenderer, report_to: ReportTo | None) -> Notifier:
    sms = settings.sms
    if isinstance(sms, gateways.FileSms):
        return FileSms(_made(sms.directory), renderer)
    secret = _secret(settings, sms.credential)
    if isinstance(sms, gateways.KannelSms):
        smsbox = Smsbox(
            url=sms.url,
            user=sms.user,
            password=secret,
            sender=sms.sender,
            validity=sms.validity,
            timeout=sms.timeout,
        )
        return KannelSms(smsbox, renderer, report_to=report_to if sms.reports else None)
    return HttpSms(_gateway(sms, secret), renderer, report_to=report_to)


def _gateway(sms: gateways.HttpSms, secret: str) -> HttpGateway:
    return HttpGateway(
        url=sms.url,
        fields=sms.fields,
        method=sms.method,
        headers=sms.headers,
        user=sms.user,
        secret=secret,
        body=Body(sms.body),
        number=NumberForm(sms.number),
        id_path=sms.answer.id,
        status_path=sms.answer.status,
        statuses={word: _VERDICTS[meaning] for word, meaning in sms.statuses.items()},
        queued=frozenset(word for word, meaning in sms.statuses.items() if meaning is StatusWord.QUEUED),
        report_id_path=sms.report.id,
        report_path=sms.report.status,
        report_reason_path=sms.report.reason,
        reports={word: Progress(meaning.value) for word, meaning in sms.report.statuses.items()},
        question=None if sms.poll is None else _question(sms.poll),
        timeout=sms.timeout,
    )


def _question(poll: Poll) -> Question:
    return Question(
        url=poll.url,
        method=poll.method,
        fields=poll.fields,
        status_path=poll.status,
        reason_path=poll.reason,
        statuses={word: Progress(meaning.value) for word, meaning in poll.statuses.items()},
    )


def _secret(settings: Settings, name: str | None) -> str:
    return "" if name is None else resolve(name, settings.credentials[name], os.environ).reveal()


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{directory} cannot be made: {error.strerror}; messages are to be written there.") from error
    return directory
