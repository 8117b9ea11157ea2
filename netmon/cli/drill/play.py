"""Plays a scenario to its end: the lab breaks things, the daemon watches, the desk and the gateways take notes."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from netmon.cli.demo.cast import LabProcess, Wire, start_daemon
from netmon.cli.demo.screen import counted
from netmon.cli.demo.show import Show, await_first_picture, make_country
from netmon.cli.demo.stage import Stage
from netmon.cli.drill.cast import Sinks
from netmon.cli.drill.desk import Desk
from netmon.cli.drill.gauges import Gauges
from netmon.cli.drill.stage_settings import in_force, patience, write_drill_settings
from netmon.lab.scenario import Scenario
from netmon.lab.scoring.kept import Kept, TicketState
from netmon.web.server import address_of, listen

SCRIPTED = "e"
"""What the names of the scenario's own events begin with; those of the background begin otherwise."""
ISOLATION = "poller_isolation"
LOOK_EVERY = 0.5
GAUGES_EVERY = 5.0


@dataclass(slots=True)
class Drill:
    """One that is running. `show.daemon` changes when the scenario has it restarted."""

    show: Show
    wire: Wire
    http: socket.socket
    console: Console
    began: float
    gauges: Gauges

    def say(self, who: str, text: str) -> None:
        """One line with the seconds since the start."""
        seconds = time.monotonic() - self.began
        self.console.print(f"[dim]{seconds:6.1f} s[/]  {who:<7} {escape(text)}", highlight=False)

    def ticket(self, state: TicketState, before: TicketState | None) -> None:
        """A ticket is new, or another one now."""
        known = before and (before.status, before.cause, before.villages)
        if known == (state.status, state.cause, state.villages):
            return
        size = f"{counted(len(state.villages), 'village')}, {len(state.dark)} dark"
        self.say("ticket", f"{state.number} {state.status}: {state.cause}, {size}, service centre {state.centre}")

    def end_daemon(self) -> None:
        """End the one that runs now."""
        self.show.daemon.end()

    def lab_says(self, said: Mapping[str, Any]) -> bool:
        """Tell what the lab does, do what it asks for; whether the scenario is over."""
        match said["lab"]:
            case "begin" | "end":
                extent = f"{counted(said['devices'], 'device')}, {counted(said['villages'], 'village')}"
                self.say("lab", f"{said['event']} {said['lab']}s ({extent})")
                if said["lab"] == "begin" and said["event"].startswith(SCRIPTED):
                    self.gauges.break_out()
                if said["lab"] == "end" and said["kind"] == ISOLATION:
                    self.gauges.come_back()
            case "restart_netmon":
                self.say("lab", f"netmon is to be restarted ({said['how']})")
                self.show.daemon.end(signal.SIGKILL if said["how"] == "kill" else signal.SIGTERM)
                self.show.daemon = start_daemon(self.show.stage, self.wire, self.http)
            case "gone":
                raise self.show.lab.ended("The simulated country")
        return bool(said["lab"] == "over")


def play(scenario: Scenario, stage: Stage, kept: Kept, console: Console) -> None:
    """Play it; what came of it is in `kept` then.

    Raises:
        NetmonError: something did not start, or ended early.
    """
    with ExitStack() as stack:
        drill = _start(scenario, stage, console, stack)
        runner = stack.enter_context(asyncio.Runner())
        desk = runner.run(Desk.open(stage.state / "netmon.db", kept.tickets, drill.ticket))
        stack.callback(lambda: runner.run(desk.close()))
        drill.gauges.begin()
        _follow(drill, runner, desk)
        drill.gauges.look()
        defaults, changed = in_force(stage, scenario)
        played = {
            "scenario": scenario.model_dump(mode="json", exclude_none=True),
            "patience": patience(scenario),
            "ended": time.time(),
            "defaults": defaults,
            "changed": changed,
            "daemon": drill.gauges.figures(),
        }
    kept.played.write_text(json.dumps(played, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _start(scenario: Scenario, stage: Stage, console: Console, stack: ExitStack) -> Drill:
    console.print(f"Making a simulated country of {scenario.country.villages:,} villages ...", highlight=False)
    inventory = make_country(stage, scenario.country.plan())
    lab = LabProcess(stage, scenario)
    stack.callback(lab.end)
    wire = lab.ready()
    sinks = Sinks(stage, wire)
    stack.callback(sinks.end)
    ports = sinks.ready()
    http = listen("127.0.0.1", 0)
    stack.callback(http.close)
    write_drill_settings(stage, scenario, wire, sinks=ports, port=http.getsockname()[1])
    show = Show(stage, inventory, lab, start_daemon(stage, wire, http), address_of(http))
    drill = Drill(show, wire, http, console, time.monotonic(), Gauges(show.address))
    stack.callback(drill.end_daemon)
    await_first_picture(show)
    console.print(
        f"netmon sees the country; '{escape(scenario.name)}' begins, {scenario.duration:g} s.", highlight=False
    )
    return drill


def _follow(drill: Drill, runner: asyncio.Runner, desk: Desk) -> None:
    """Until the scenario is over."""
    drill.began = time.monotonic()
    drill.show.lab.begin()
    next_gauges, over = drill.began, False
    while not over:
        for said in drill.show.lab.said():
            over |= drill.lab_says(said)
        if not drill.show.daemon.is_alive:
            raise drill.show.daemon.ended("The daemon")
        runner.run(desk.look())
        drill.gauges.look_at_return()
        if time.monotonic() >= next_gauges:
            next_gauges = time.monotonic() + GAUGES_EVERY
            drill.gauges.look()
        time.sleep(LOOK_EVERY)
