"""One tiny bad file per mistake, and the exact sentences it earns (bad/expected.json)."""

import json
import shutil
from pathlib import Path

import pytest

from netmon.errors import ComplaintsError
from netmon.settings import load_inventory, load_settings

BAD = Path(__file__).parent / "bad"
EXPECTED: dict[str, list[str]] = json.loads((BAD / "expected.json").read_text(encoding="utf-8"))
SETTINGS = sorted(name for name in EXPECTED if name.startswith("settings/"))
TABLES = sorted(set(EXPECTED) - set(SETTINGS))


def test_every_bad_file_has_its_sentences_written_down() -> None:
    files = {f"{path.parent.name}/{path.stem}" for path in BAD.glob("*/*.*")}
    assert files == set(EXPECTED)
    assert all(EXPECTED.values())


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings_earn_exactly_these_sentences(name: str) -> None:
    with pytest.raises(ComplaintsError) as caught:
        load_settings(BAD / f"{name}.yaml", {})
    assert list(caught.value.complaints) == EXPECTED[name]


@pytest.mark.parametrize("name", TABLES)
def test_bad_table_earns_exactly_these_sentences(name: str, good: Path) -> None:
    table = name.partition("/")[0]
    shutil.copy(BAD / f"{name}.csv", good / f"{table}.csv")
    with pytest.raises(ComplaintsError) as caught:
        load_inventory(good, {"village-read"})
    assert list(caught.value.complaints) == EXPECTED[name]


def test_no_sentence_repeats_a_secret_or_a_phone_number() -> None:
    text = json.dumps(EXPECTED)
    for never in ("hunter2", "0812345678", "081-234-5678"):
        assert never not in text
    files = "".join(path.read_text(encoding="utf-8") for path in BAD.glob("*/*.*"))
    assert all(never in files for never in ("hunter2", "0812345678", "081-234-5678"))
