"""The drill's third process: the gateways at which mails and SMS arrive."""

import json
import os
import select
import sys
from collections.abc import Mapping
from typing import Any

from netmon.cli.demo.cast import Process, Wire, started_inside
from netmon.cli.demo.stage import Stage

READY_WITHIN = 30.0


class Sinks(Process):
    """`netmon.lab.sinks`, where the daemon's own connections can reach it."""

    def __init__(self, stage: Stage, wire: Wire) -> None:
        program = [sys.executable, "-m", "netmon.lab.sinks", str(stage.folder), str(os.getpid())]
        super().__init__(started_inside(wire, program), log=stage.folder / "sinks.log", keep_stdout=True)

    def ready(self) -> Mapping[str, Any]:
        """Wait until both listen; their ports.

        Raises:
            NetmonError: they could not start; the text says why.
        """
        stdout = self.child.stdout
        heard = b""
        if stdout is not None and select.select([stdout], [], [], READY_WITHIN)[0]:
            heard = stdout.readline()
        if not heard:
            raise self.ended("The drill's mail server")
        said: Mapping[str, Any] = json.loads(heard)
        return said
