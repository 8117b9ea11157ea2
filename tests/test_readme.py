"""The README's floor picture is the house as it stands."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINE = re.compile(r"^(\d)  (\w+) ", re.MULTILINE)
FLOORS_OF_LAYERS = (5, 4, 3, 2, 1, 0)


def floors_in_the_readme() -> dict[str, int]:
    """Room -> floor, as drawn."""
    picture = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- floors")[2].split("```")[1]
    return {room: int(floor) for floor, room in LINE.findall(picture)} | {"errors": 2}


def test_every_room_of_the_package_is_in_the_picture_and_no_other() -> None:
    package = ROOT / "netmon"
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    rooms |= {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    assert set(floors_in_the_readme()) == rooms


def test_the_picture_has_the_floors_the_import_contracts_hold() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    held = {
        room.strip(): floor
        for floor, layer in zip(FLOORS_OF_LAYERS, layers, strict=True)
        for room in re.split(r"[|:]", layer)
    }
    assert floors_in_the_readme() == held


def test_every_command_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()}
    assert set(re.findall(r"\bmake (\w+)", text)) <= targets
