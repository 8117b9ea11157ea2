"""The script of `netmon demo`: one of each fault, in any length and size of country."""

from importlib.resources import files
from typing import Any

import yaml

from netmon.lab.scenario import Scenario, check_scenario


def demo_scenario(*, duration: float, villages: int, seed: int = 7) -> Scenario:
    """The demo for a duration (seconds) and a size.

    Raises:
        ComplaintsError: duration or villages are out of range.
    """
    source = files("netmon.lab") / "scenarios" / "demo.yaml"
    raw: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    country = {**raw["country"], "villages": villages, "seed": seed}
    return check_scenario({**raw, "duration": duration, "country": country}, "the demo")
