"""Promises the project makes about its own files."""

import ast
import re
import tomllib
from pathlib import Path

import grimp
import pytest

from tests.kit.libraries import LibrariesContract
from tests.kit.peers import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
ROOMS = (
    "model",
    "rules",
    "engine",
    "probes",
    "ports",
    "stores",
    "notifiers",
    "web",
    "settings",
    "lab",
    "daemon",
    "cli",
)
MODULES = sorted([*ROOT.glob("netmon/**/*.py"), *ROOT.glob("exporters/netmon_exporters/**/*.py")])
LONGEST_MODULE = 400  # lines
OUTSIDE_NAMES = re.compile(r"://|file:|^-|(^|[\s=])[/~]|\.\.?/|@ ", re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    """Read a lock file into the text of each requirement by the requirement's first line."""
    entries = re.split(r"\n(?=[a-zA-Z0-9])", "\n" + (ROOT / name).read_text())
    return {entry.split("\\")[0].strip(): entry for entry in entries[1:]}


def normalised(requirement: str) -> str:
    """Give the bare distribution name of a requirement, as package indexes compare it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {normalised(line) for line in project["dependencies"]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_has_one_version_and_a_hash(name: str) -> None:
    without = [line for line, entry in locked(name).items() if "==" not in line or "--hash=sha256:" not in entry]
    assert locked(name)
    assert not without


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_name_no_index_and_no_path(name: str) -> None:
    assert not OUTSIDE_NAMES.search((ROOT / name).read_text())


def test_the_development_lock_contains_the_runtime_lock() -> None:
    assert locked(LOCKS[0]).keys() <= locked(LOCKS[1]).keys()


def test_every_dependency_is_locked() -> None:
    assert dependencies() <= {normalised(line) for line in locked(LOCKS[0])}


@pytest.mark.parametrize("name", ["apscheduler", "icmplib", "prometheus-client", "pyroute2", "pysnmp", "pyyaml"])
def test_the_libraries_netmon_is_built_on_are_dependencies(name: str) -> None:
    assert name in dependencies()


def test_no_module_is_longer_than_the_house_allows() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_is(room: str) -> None:
    tree = ast.parse((ROOT / "netmon" / room / "__init__.py").read_text())
    assert ast.get_docstring(tree), f"netmon/{room}/__init__.py has no docstring"


def test_every_folder_of_netmon_is_a_room() -> None:
    folders = {path.parent.name for path in ROOT.glob("netmon/*/__init__.py")}
    assert folders == set(ROOMS)


@pytest.mark.parametrize(
    ("importer", "imported", "is_kept"),
    [
        ("netmon.web.pages", "fastapi", True),
        ("netmon.web.pages", "json", True),
        ("netmon.rules.health", "fastapi", False),
        ("netmon.webs", "fastapi", False),
        ("netmon.web", "requests", False),
    ],
)
def test_a_library_is_kept_to_its_rooms_and_an_unlisted_one_is_refused(
    importer: str, imported: str, is_kept: bool
) -> None:
    graph = grimp.ImportGraph()
    graph.add_module(importer)
    graph.add_module(imported, is_squashed=True)
    graph.add_import(importer=importer, imported=imported)
    options: dict[str, object] = {"libraries": ["fastapi, uvicorn: netmon.web"]}
    contract = LibrariesContract("libraries", session_options={}, contract_options=options)
    assert contract.check(graph, verbose=False).kept is is_kept


def test_install_peers_knows_every_peer_the_tests_ask_for() -> None:
    known = set(re.findall(r"=([\w.-]+)$", (ROOT / "tests/install-peers").read_text(), re.MULTILINE))
    asked = {program for path in ROOT.glob("tests/**/test_*.py") for program in peers_asked_in(path)}
    assert asked <= known


def peers_asked_in(path: Path) -> set[str]:
    """Find the program names in the `pytest.mark.peer(...)` calls of a test file."""
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    marks = (call for call in calls if ast.unparse(call.func) == "pytest.mark.peer")
    return {ast.literal_eval(argument) for mark in marks for argument in mark.args}
