"""An import-linter contract: each outside library stays in the rooms named for it.

The contract's `libraries` are lines such as `fastapi, uvicorn: netmon.web`. A library without a line may be imported
nowhere, so the list is whole; the standard library is free. (import-linter's own `protected` contract refuses
a library that nobody imports yet, and cannot say "and no others".)
"""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class LibrariesContract(Contract):
    """Holds every direct import of an outside library against the list of rooms that may import it."""

    type_name = "libraries"

    libraries = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        rooms = rooms_by_library(self.libraries)  # type: ignore[arg-type]
        strays = [
            f"{importer} imports {module}"
            for module in sorted(graph.modules)
            if graph.is_module_squashed(module) and is_outside(module)
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if not lives_in(importer, rooms.get(module.partition(".")[0], ()))
        ]
        return ContractCheck(kept=not strays, metadata={"strays": strays})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for stray in check.metadata["strays"]:
            output.print_error(f"{stray}, which is not on the list for that room.", bold=False)


def rooms_by_library(lines: list[str]) -> dict[str, list[str]]:
    """Read lines such as `fastapi, uvicorn: netmon.web` into the rooms of each library."""
    rooms = {}
    for line in lines:
        libraries, _, allowed = line.partition(":")
        for library in libraries.split(","):
            rooms[library.strip()] = [room.strip() for room in allowed.split(",")]
    return rooms


def is_outside(module: str) -> bool:
    """Tell a third-party module from one of the standard library."""
    return module.partition(".")[0] not in sys.stdlib_module_names


def lives_in(module: str, rooms: list[str] | tuple[()]) -> bool:
    """Tell whether the module is one of these rooms or inside one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)
