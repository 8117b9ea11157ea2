"""The daemon's settings for a drill: netmon's defaults but for what the scenario shortens, and where things are."""

from collections.abc import Mapping
from typing import Any

from netmon.cli.demo.cast import Wire
from netmon.cli.demo.stage import Stage, write_community
from netmon.lab.country import CREDENTIAL
from netmon.lab.scenario import Scenario
from netmon.settings import load_settings

_PROMISE, _PROMISE_BEYOND_INTERVAL = 60.0, 35.0
"""Seconds in which netmon promises a ticket (DESIGN section 12): at its own interval, and beyond a shortened one."""

_TEMPLATE = """\
# Written by `netmon drill`. What the scenario does not shorten has netmon's own default.
probing: {{namespace: '{namespace}'{intervals}}}
isolation: {{reference_targets: [{references}]}}
notices: {{noc_mail: noc@netmon.invalid, from_address: netmon@netmon.invalid{holds}}}
mail: {{driver: smtp, host: 127.0.0.1, port: {smtp}, security: none}}
sms: {{driver: http, url: 'http://127.0.0.1:{http}/', fields: {{to: '{{to}}', text: '{{text}}', key: '{{key}}'}}}}
inventory: {{directory: inventory}}
web: {{listen: 127.0.0.1, port: {port}}}
credentials: {{{credential}: ./{credential}}}
"""
_PLACES = {
    "probing": {"namespace", "profiles"},
    "isolation": {"reference_targets"},
    "notices": {"noc_mail", "from_address", "sender_name", "contact_number", "map_link"},
    "store": {"url"},
}
_WHERE = ("mail", "sms", "templates", "credentials", "web", "inventory", "log")
"""What says where things are and what they are called: no threshold."""


def patience(scenario: Scenario) -> float:
    """Seconds in which netmon promises a ticket at the scenario's intervals."""
    ping = scenario.intervals.ping
    return _PROMISE if ping is None else ping + _PROMISE_BEYOND_INTERVAL


def write_drill_settings(stage: Stage, scenario: Scenario, wire: Wire, *, sinks: Mapping[str, Any], port: int) -> None:
    """Write netmon.yaml and the agents' community; `sinks` has the ports of both gateways."""
    text = _TEMPLATE.format(
        namespace=wire.namespace,
        intervals=_given(interval=scenario.intervals.ping, snmp_interval=scenario.intervals.snmp),
        references=", ".join(wire.references),
        holds=_holds(scenario),
        smtp=sinks["smtp"],
        http=sinks["http"],
        port=port,
        credential=CREDENTIAL,
    )
    stage.settings.write_text(text, encoding="utf-8")
    write_community(stage)


def in_force(stage: Stage, scenario: Scenario) -> tuple[dict[str, Any], dict[str, float]]:
    """(defaults in force, what the scenario changed): every threshold stands in one of the two, by section and key."""
    settings = load_settings(stage.settings).model_dump(mode="json")
    changed = _changed(scenario)
    defaults = {
        f"{section}.{key}": value
        for section, values in settings.items()
        if section not in _WHERE
        for key, value in values.items()
        if key not in _PLACES.get(section, ()) and f"{section}.{key}" not in changed
    }
    hold = defaults.pop("notices.hold", {})
    defaults |= {f"notices.hold.{key}": value for key, value in hold.items() if f"notices.hold.{key}" not in changed}
    return defaults, changed


def _changed(scenario: Scenario) -> dict[str, float]:
    wanted = {
        "probing.interval": scenario.intervals.ping,
        "probing.snmp_interval": scenario.intervals.snmp,
        "notices.hold.mail": scenario.holds.mail,
        "notices.hold.sms": scenario.holds.sms,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _given(**seconds: float | None) -> str:
    return "".join(f", {key}: {value:g}s" for key, value in seconds.items() if value is not None)


def _holds(scenario: Scenario) -> str:
    given = _given(mail=scenario.holds.mail, sms=scenario.holds.sms).removeprefix(", ")
    return f", hold: {{{given}}}" if given else ""
