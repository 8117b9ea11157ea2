"""How people and desks are told: e-mail, SMS drivers, ticket desks, and the rendering of their templates.

Rendering is apart from transport: `MailComposer` and `SmsRenderer` make messages of letters, and any driver carries
them. `FileMail` and `FileSms` carry them into files.
"""

from netmon.notifiers.mail import Letterhead, MailComposer
from netmon.notifiers.mail_files import FileMail
from netmon.notifiers.particulars import Wording
from netmon.notifiers.rendering import Templates
from netmon.notifiers.sms import SmsRenderer
from netmon.notifiers.sms_files import FileSms

__all__ = ["FileMail", "FileSms", "Letterhead", "MailComposer", "SmsRenderer", "Templates", "Wording"]
