"""A report in words, and what of the scenario's expectations it misses."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from netmon.lab.scenario import Expect

Report = dict[str, Any]
WIDTH = 132
"""Columns of a page that is no terminal: a file, or a log."""


def tell(console: Console, report: Report) -> None:
    """The figures a person wants; the JSON has them all."""
    if not console.is_terminal:
        console.width = WIDTH
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("event", "villages", "tickets", "cause", "to ticket p50 / p99", "to resolved p99", "missed", "wrong"):
        table.add_column(name, no_wrap=True)
    for event in report["events"]:
        if event["cause"] is not None:
            table.add_row(*_row(event))
    if table.row_count:
        console.print(table)
    overall, notices = report["overall"], report["notices"]
    ticket, resolved = overall["seconds_to_ticket"], overall["seconds_to_resolved"]
    console.print(
        f"Tickets: {overall['tickets']}, precision {_share(overall['precision'])}, recall {_share(overall['recall'])}; "
        f"{len(overall['answer_to_no_event'])} answer to no event, {overall['one_too_many']} one too many, "
        f"{overall['tickets_withdrawn_as_merged']} withdrawn as merged.\n"
        f"Failure to ticket: p50 {_seconds(ticket['p50'])}, p99 {_seconds(ticket['p99'])} over {ticket['count']} "
        f"villages; repair to resolved: p99 {_seconds(resolved['p99'])}.\n"
        f"Villages missed {overall['villages_missed']}, wrongly listed {overall['villages_wrongly_listed']}. "
        f"Mails {notices['mails']}, SMS {notices['sms']}, at most {notices['per_person']['max'] or 0} to one person, "
        f"{notices['same_twice']} twice.\n"
        f"Isolations {report['isolations']['count']}, alarms {report['isolations']['alarms']}, tickets meanwhile "
        f"{report['isolations']['tickets_meanwhile']}; every village tested again "
        f"{_returns(report['daemon']['seconds_to_all_tested_again'])}. Defaults {report['defaults']['hash']}.\n"
        f"{_daemon(report['daemon'])}",
        highlight=False,
        markup=False,
    )


def _daemon(figures: Report) -> str:
    """What it cost, and who had to wait."""
    lag = f"loop lag p99 {_at_most(figures['loop_lag_p99_at_most'])}, max {_at_most(figures['loop_lag_max_at_most'])}"
    storm = (
        f"loop lag p99 {_at_most(figures['storm_loop_lag_p99_at_most'])}, "
        f"max {_at_most(figures['storm_loop_lag_max_at_most'])}, devices late {figures['storm_devices_late_at_most']}"
    )
    return (
        f"The daemon: {100 * figures['cpu_share']:.0f} % of a core, {figures['rss_mib']:.0f} MiB; {lag}, devices late "
        f"{figures['devices_late_at_most']}, slots skipped {figures['slots_skipped']}, tasks restarted "
        f"{figures['task_restarts']}.\nIn the storm, until two minutes after the last thing broke: {storm}."
    )


def _returns(seconds: list[float | None]) -> str:
    return ", ".join(f"{_seconds(one)} after the return" for one in seconds) or "-"


def _at_most(seconds: float | None) -> str:
    return "not known" if seconds is None else f"at most {1000 * seconds:g} ms"


def _row(event: Report) -> tuple[str, ...]:
    ticket = event["seconds_to_ticket"]
    causes = dict.fromkeys(one for one in (event["cause_first"], event["cause_last"]) if one)
    return (
        event["event"],
        str(event["villages"]),
        f"{len(event['tickets'])} of {event['tickets_wanted']}",
        f"{event['cause']}: {' -> '.join(causes) or '-'}",
        f"{_seconds(ticket['p50'])} / {_seconds(ticket['p99'])}",
        _seconds(event["seconds_to_resolved"]["p99"]),
        str(len(event["villages_missed"])),
        str(len(event["villages_wrongly_listed"])),
    )


def missed(report: Report, expect: Expect) -> Iterator[str]:
    """Each expectation that was not met, as a sentence."""
    overall, notices, daemon = report["overall"], report["notices"], report["daemon"]
    limits = (
        ("p99 from failure to ticket", expect.ticket_p99, overall["seconds_to_ticket"]["p99"]),
        ("p99 from repair to resolved", expect.resolved_p99, overall["seconds_to_resolved"]["p99"]),
        ("number of tickets", expect.tickets_at_most, overall["tickets"]),
        ("p99 of the loop's lag in the storm", expect.loop_lag_p99, daemon["storm_loop_lag_p99_at_most"]),
        ("longest of the loop's lag in the storm", expect.loop_lag_max, daemon["storm_loop_lag_max_at_most"]),
        ("number of devices late in the storm", expect.devices_late, daemon["storm_devices_late_at_most"]),
        ("number of messages that came twice", expect.same_twice, notices["same_twice"]),
    )
    for what, limit, value in limits:
        if limit is not None and (value is None or value > limit):
            yield f"The {what} should be at most {limit:g}, and is {'not known' if value is None else f'{value:g}'}."
    for what, least in (("precision", expect.precision), ("recall", expect.recall)):
        value = overall[what]
        if least is not None and (value is None or value < least):
            yield f"The {what} should be at least {least:g}, and is {_share(value)}."
    back = daemon["seconds_to_all_tested_again"]
    if expect.tested_again is not None and any(one is None or one > expect.tested_again for one in back):
        yield (
            f"After each isolation every village should be tested again within {expect.tested_again:g} s; "
            f"it was {_returns(back)}."
        )
    alarms = report["isolations"]["alarms"]
    if expect.alarms is not None and alarms != expect.alarms:
        yield f"There should be {expect.alarms} alarms of isolation, and there were {alarms}."


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3f}"
