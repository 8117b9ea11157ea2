"""What is being played: the country, the two processes and the status page, until nearly every device has answered."""

import time
from dataclasses import dataclass

from netmon.cli.demo.cast import LabProcess, Process
from netmon.cli.demo.outcome import overview
from netmon.cli.demo.stage import Stage
from netmon.errors import NetmonError
from netmon.lab.country import CountryPlan, generate
from netmon.lab.inventory_files import write_inventory
from netmon.model.inventory import Inventory, Lifecycle

UP_WITHIN = 60.0
ENOUGH = 0.98
"""Share of the active devices that makes a first picture; the rest fail at random, as in the field."""


@dataclass(slots=True)
class Show:
    """What is playing: its stage, the country as the operator knows it, its processes, its status page."""

    stage: Stage
    inventory: Inventory
    lab: LabProcess
    daemon: Process
    address: str

    @property
    def expected(self) -> int:
        """Devices that can answer: those that are built."""
        return sum(one.is_watched and one.lifecycle is Lifecycle.ACTIVE for one in self.inventory.devices)

    def answered(self) -> int:
        """Devices that have answered so far."""
        return int(overview(self.address).get("devices_answered", 0))


def make_country(stage: Stage, plan: CountryPlan) -> Inventory:
    """Make the country and write down what its operator believes."""
    country = generate(plan)
    write_inventory(country, stage.inventory)
    return country.inventory


def await_first_picture(show: Show) -> None:
    """Wait until nearly every device that can answer has.

    Raises:
        NetmonError: the daemon ended, or its pages do not answer.
    """
    answered, deadline = 0, time.monotonic() + UP_WITHIN
    while answered < ENOUGH * show.expected and time.monotonic() < deadline:
        if not show.daemon.is_alive:
            raise show.daemon.ended("The daemon")
        time.sleep(0.25)
        answered = show.answered()
    if not answered:
        raise NetmonError(f"No device answered within {UP_WITHIN:g} s; {show.stage.log} may say why.")
