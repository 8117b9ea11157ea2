"""One lab in one process: `python -m netmon.lab ARGUMENTS.json`, started by `netmon demo`, `drill` and `bench`.

Towards whoever started it, the process speaks lines of JSON on its standard output:

    {"lab": "ready", "pid", "namespace", "wire": "tun"|"veth", "references": [...]}     once, when the country answers
    {"lab": "begin"|"end", "event", "kind", "where", "devices", "villages"}             as the scenario goes
    {"lab": "restart_netmon", "event", "how": "term"|"kill"}                            a request
    {"lab": "over"}                                                                     the duration has passed
    {"lab": "failed", "why"}                                                            it could not start; exit code 1

and listens on its standard input: the line `start` begins the scenario; before it nothing breaks. The country answers
until the process ends: on SIGTERM, SIGINT, end of its standard input, or the death of its parent. Then interface and
namespace are gone, because nothing of them outlives the process but sockets others hold.

The caller starts it from its main thread (the kernel takes the end of the starting thread for the parent's death) and
in a session of its own (`start_new_session`), so that a Ctrl-C reaches the caller first.
"""

import gc
import json
import os
import select
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from netmon.errors import InputError, NetmonError
from netmon.lab import namespace
from netmon.lab.addresses import REFERENCES
from netmon.lab.conductor import Conductor
from netmon.lab.country import generate
from netmon.lab.events import place_events
from netmon.lab.ledger import Ledger
from netmon.lab.pump import Pump
from netmon.lab.responder import Responder
from netmon.lab.scenario import Scenario, check_scenario
from netmon.lab.timeline import timeline
from netmon.lab.wire import Wire, make_wire
from netmon.model.time import Now

_IDLE_MS: Final = 500
_LINE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LabArguments:
    """What one lab is: the scenario (with its country), where the truth goes, and where the process lives.

    `parent` is the id of the process whose death ends the lab; `instant` answers without delay or loss, for benches.
    """

    scenario: Scenario
    ledger: Path
    home: namespace.Home
    parent: int
    instant: bool = False

    def save(self, file: Path) -> None:
        """Write the arguments where `python -m netmon.lab` will read them."""
        fields = {**asdict(self), "scenario": self.scenario.model_dump(mode="json", exclude_none=True)}
        file.write_text(json.dumps(fields, default=str, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: the file cannot be read or is no such thing.
        """
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
            return cls(
                scenario=check_scenario(raw["scenario"], str(file)),
                ledger=Path(raw["ledger"]),
                home=namespace.Home(raw["home"]),
                parent=int(raw["parent"]),
                instant=bool(raw["instant"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as trouble:
            raise InputError(f"{file} does not hold a lab's arguments: {trouble}") from trouble


class Lab:
    """The running lab: one loop that answers packets, plays the scenario and listens to its caller."""

    def __init__(self, arguments: LabArguments) -> None:
        country = generate(arguments.scenario.country.plan())
        steps = timeline(arguments.scenario, country, place_events(arguments.scenario, country))
        if arguments.home is namespace.Home.OWN:
            namespace.make_own_namespace()
        elif arguments.home is namespace.Home.PRIVATE:
            namespace.enter_private_network()
        self._duration = arguments.scenario.duration
        self._wire: Wire = make_wire()
        self._ledger = Ledger.create(arguments.ledger)
        responder = Responder(country, instant=arguments.instant)
        self._pump = Pump(self._wire, responder)
        self._conductor = Conductor(country, steps, responder, self._wire, self._ledger)
        self._started = False
        self._over_at: float | None = None
        gc.freeze()  # the country stays: looking through it for garbage would hold packets up
        self._stopping = False

    def run(self) -> None:
        """Answer until told to stop."""
        say(
            lab="ready",
            pid=os.getpid(),
            namespace=f"/proc/{os.getpid()}/ns/net",
            wire=self._wire.made_as,
            references=REFERENCES,
        )
        stdin = sys.stdin.fileno()
        poll = select.poll()
        poll.register(self._wire.fileno, select.POLLIN)
        poll.register(stdin, select.POLLIN)
        while not self._stopping:
            ready = dict(poll.poll(self._patience()))
            if stdin in ready:
                self._listen(stdin)
            if self._wire.fileno in ready:
                self._serve()
            self._pump.flush(time.monotonic())
            self._conductor.advance(_now(), announce)
            self._end_scenario()

    def stop(self) -> None:
        """End `run` at its next turn."""
        self._stopping = True

    def close(self) -> None:
        """Finish the ledger and take the interface away."""
        self._ledger.close()
        self._wire.close()

    def _serve(self) -> None:
        while self._pump.drain(time.monotonic()) and not self._stopping:
            self._pump.flush(time.monotonic())
            due = self._conductor.next_due()
            if due is not None and due <= time.monotonic():
                return

    def _patience(self) -> int:
        """Milliseconds that nothing is due for."""
        times = [t for t in (self._pump.next_due(), self._conductor.next_due(), self._over_at) if t is not None]
        if not times:
            return _IDLE_MS
        return max(0, min(_IDLE_MS, int((min(times) - time.monotonic()) * 1000) + 1))

    def _listen(self, stdin: int) -> None:
        heard = os.read(stdin, _LINE_BYTES)
        if not heard:
            self._stopping = True
        if b"start" in heard.split() and not self._started:
            self._started, now = True, _now()
            self._conductor.start(now)
            self._over_at = now.monotonic + self._duration

    def _end_scenario(self) -> None:
        if self._over_at is not None and time.monotonic() >= self._over_at:
            self._over_at = None
            say(lab="over")


def _now() -> Now:
    return Now(time.monotonic(), time.time())


def say(**fields: Any) -> None:
    """One line for the caller."""
    announce(fields)


def announce(fields: dict[str, Any]) -> None:
    """One line for the caller, from a mapping."""
    sys.stdout.write(json.dumps(fields, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run the lab that the file in `arguments` describes; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing to tidy up yet, and no traceback wanted
    try:
        if len(arguments) != 1:
            raise InputError("give one file of arguments: python -m netmon.lab ARGUMENTS.json")
        settings = LabArguments.load(Path(arguments[0]))
        namespace.die_with_parent(settings.parent)
        lab = Lab(settings)
    except NetmonError as trouble:
        say(lab="failed", why=str(trouble))
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: lab.stop())
    try:
        lab.run()
    except BrokenPipeError:  # the caller is gone
        return 0
    finally:
        lab.close()
    return 0
