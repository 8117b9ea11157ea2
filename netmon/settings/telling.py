"""Settings of whom netmon tells, when, and over which channel."""

import math
from typing import Annotated

from pydantic import Field

from netmon.model.faults import Cause
from netmon.model.notices import Channel
from netmon.settings.values import ConfigPath, Count, Duration, HoldOrNever, Line, MailAddress, MapLink, Section


class Hold(Section):
    """How long a notice waits, so that a blip ends in silence."""

    mail: Duration = Field(120.0, description="Wait before mail leaves. Seconds; default 120.")
    sms: Duration = Field(300.0, description="Wait before SMS leaves. Seconds; default 300.")


class CauseHold(Section):
    """Another wait for one cause; a key left out keeps the general wait, and `never` tells nobody on that channel."""

    mail: HoldOrNever = Field(
        None, description="Wait before mail leaves. Seconds or never; default: `notices.hold.mail`."
    )
    sms: HoldOrNever = Field(None, description="Wait before SMS leaves. Seconds or never; default: `notices.hold.sms`.")


class MessageLimits(Section):
    """How much one person is told, and how fast the SMS gateway is fed. What is too much is folded, never dropped."""

    mail_per_hour: Annotated[Count, Field(ge=1)] = Field(
        10, description="Mails to one person in an hour; what is more comes as one digest. Count; default 10."
    )
    sms_per_day: Annotated[Count, Field(ge=1)] = Field(
        6, description="SMS to one number in 24 hours; of what is more the latest is sent, later. Count; default 6."
    )
    sms_per_minute: Annotated[Count, Field(ge=1)] = Field(
        600, description="SMS handed to the gateway in a minute, as your contract allows. Count; default 600."
    )


class Notices(Section):
    """What people are told."""

    hold: Hold = Field(Hold(), description="How long a notice waits, so that a blip ends in silence.")
    hold_by_cause: dict[Cause, CauseHold] = Field(
        {}, description="Other waits for single causes, e.g. power: {sms: 15m} or unknown: {sms: never}. Default none."
    )
    coalesce: Duration = Field(
        300.0, description="Further villages of a ticket are mailed at most once in this time. Seconds; default 300."
    )
    in_doubt: Duration = Field(
        600.0,
        description="How long a message rests of which nobody knows whether the gateway has it; then it is sent once "
        "more. Seconds; default 600.",
    )
    limits: MessageLimits = Field(MessageLimits(), description="How much one person is told, and how fast.")
    noc_mail: MailAddress = Field(
        "", description="Who is mailed when netmon itself is cut off. E-mail address; default '': nobody."
    )
    contact_number: Annotated[Line, Field(min_length=1, max_length=40)] = Field(
        "1111 กด 88", description="Number people may call, as it stands in messages. Text; default '1111 กด 88'."
    )
    map_link: MapLink = Field(
        "https://www.google.com/maps?q={lat},{lon}",
        description="Link to a map in mails; {lat} and {lon} are filled in. Text; '' for none.",
    )
    from_address: MailAddress = Field(
        "netmon@localhost.localdomain", description="Sender of mails. E-mail address; default for trying out only."
    )
    reply_to: MailAddress = Field(
        "", description="Who reads answers to mails. E-mail address; default '': they go to `from_address`."
    )
    sender_name: Annotated[Line, Field(min_length=1, max_length=60)] = Field(
        "netmon เน็ตประชารัฐ", description="Sender's name in mails. Text."
    )

    def overrides(self) -> dict[tuple[Cause, Channel], float | None]:
        """Waits of single causes, seconds; None where such a fault is not told on that channel."""
        holds = {
            (cause, channel): hold
            for cause, own in self.hold_by_cause.items()
            for channel, hold in ((Channel.MAIL, own.mail), (Channel.SMS, own.sms))
            if hold is not None
        }
        return {key: None if math.isinf(hold) else hold for key, hold in holds.items()}


class Templates(Section):
    """Texts of the messages."""

    directory: ConfigPath | None = Field(
        None,
        description="Folder with your own Jinja2 templates, in th/ and en/; each replaces netmon's of that name. "
        "Path from this file; default none.",
    )
