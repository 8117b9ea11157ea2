"""Settings become the rules' policies here, and nowhere else."""

from netmon.engine.allowance import Limits
from netmon.engine.casework import CasePolicy
from netmon.engine.courier import CourierPolicy
from netmon.engine.judge import HealthPolicy
from netmon.model.notices import Channel, Person, Tried
from netmon.rules.agents import AgentPolicy
from netmon.rules.conclude import ConcludePolicy
from netmon.rules.isolation import IsolationPolicy
from netmon.rules.odds import OddsPolicy, RecoveryPolicy
from netmon.rules.repetition import Rate
from netmon.rules.spanning import SpanPolicy
from netmon.rules.ticket_policy import NoticePolicy
from netmon.settings import Settings

LOOK_FIRST_MARGIN = 2.0
"""Seconds that conclusions and the database may take."""


def health_policy(settings: Settings) -> HealthPolicy:
    """How sure to be before saying down, and up again."""
    return HealthPolicy(
        odds=OddsPolicy(**settings.health.odds.model_dump()),
        recovery=RecoveryPolicy(**settings.health.recovery.model_dump()),
        timeout=settings.probing.timeout,
        agents=AgentPolicy(tries=settings.probing.snmp_retries + 1, **settings.health.agents.model_dump()),
    )


def isolation_policy(settings: Settings) -> IsolationPolicy:
    """When netmon counts itself as cut off."""
    return IsolationPolicy(window=settings.isolation.window, share=settings.isolation.share)


def case_policy(settings: Settings) -> CasePolicy:
    """How faults are concluded, and whom to tell when."""
    notices = settings.notices
    return CasePolicy(
        conclude=ConcludePolicy(
            **settings.conclude.model_dump(),
            spans=SpanPolicy(window=settings.conclude.window, blur=settings.probing.interval),
        ),
        notices=NoticePolicy(
            mail_hold=notices.hold.mail,
            sms_hold=notices.hold.sms,
            coalesce=notices.coalesce,
            overrides=notices.overrides(),
        ),
    )


def courier_policy(settings: Settings) -> CourierPolicy:
    """Where alarms about netmon itself go, and how patient gateways ask it to be, and whom it spares."""
    slowest = max(getattr(section, "timeout", 0.0) for section in (settings.mail, settings.sms))
    # A driver waits for its gateway twice at most, and knows better than the courier what a silence means.
    patience = max(60.0, 2 * slowest + 10)
    rates = settings.notices.limits
    limits = Limits(
        person={Channel.MAIL: Rate(rates.mail_per_hour, 3600.0), Channel.SMS: Rate(rates.sms_per_day, 86_400.0)},
        gateway={Channel.SMS: Rate(rates.sms_per_minute, 60.0)},
    )
    noc = Person(name="NOC", email=settings.notices.noc_mail)
    # Every device is probed within a round, and one that is back is believed after the time of its recovery.
    look_first = settings.probing.interval + settings.health.recovery.steady + LOOK_FIRST_MARGIN
    odds = settings.health.odds
    tried = Tried(tries=odds.minimum, within=odds.within, every=settings.probing.interval)
    return CourierPolicy(
        noc=noc,
        patience=patience,
        doubt_hold=settings.notices.in_doubt,
        limits=limits,
        look_first=look_first,
        tried=tried,
    )
