"""Settings become the rules' policies here, and nowhere else."""

from netmon.engine.casework import CasePolicy
from netmon.engine.courier import CourierPolicy
from netmon.engine.judge import HealthPolicy
from netmon.model.notices import Channel, Person
from netmon.rules.conclude import ConcludePolicy
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from netmon.rules.ticket_policy import NoticePolicy
from netmon.settings import Settings


def health_policy(settings: Settings) -> HealthPolicy:
    """How sure to be before saying down, and up again."""
    odds = settings.health.odds
    return HealthPolicy(
        odds=OddsPolicy(
            false_down=odds.false_down, minimum=odds.minimum, within=odds.within, spacing=odds.spacing
        ),
        recovery=RecoveryPolicy(steady=settings.health.recovery.steady),
        timeout=settings.probing.timeout,
    )


def isolation_policy(settings: Settings) -> IsolationPolicy:
    """When netmon counts itself as cut off."""
    return IsolationPolicy(window=settings.isolation.window, share=settings.isolation.share)


def case_policy(settings: Settings) -> CasePolicy:
    """How faults are concluded, and whom to tell when."""
    conclude, notices = settings.conclude, settings.notices
    return CasePolicy(
        conclude=ConcludePolicy(
            settle=conclude.settle, window=conclude.window, merge_within=conclude.merge_within
        ),
        notices=NoticePolicy(
            mail_hold=notices.hold.mail,
            sms_hold=notices.hold.sms,
            overrides={
                (cause, channel): hold
                for cause, own in notices.hold_by_cause.items()
                for channel, hold in ((Channel.MAIL, own.mail), (Channel.SMS, own.sms))
                if hold is not None
            },
        ),
    )


def courier_policy(settings: Settings) -> CourierPolicy:
    """Where alarms about netmon itself go."""
    return CourierPolicy(noc=Person(name="NOC", email=settings.notices.noc_mail))
