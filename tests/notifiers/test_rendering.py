"""Templates: the two languages agree, operators may replace them, mistakes are named."""

from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from netmon.errors import ComplaintsError, InputError
from netmon.notifiers import Templates
from netmon.notifiers.rendering import PACKAGED, clean, names_in
from tests.kit.peers import ROOT
from tests.notifiers.letters import letter
from tests.notifiers.makers import plain

PAIRS = sorted(name.removeprefix("th/") for name in names_in(PACKAGED) if name.startswith("th/"))


def fields(name: str) -> set[str]:
    """What a template asks of the things it is given: `village.place` and the like, through its macros too."""
    tree = jinja2.Environment(autoescape=True).parse((PACKAGED / name).read_text())
    return {f"{one.node.name}.{one.attr}" for one in tree.find_all(nodes.Getattr) if isinstance(one.node, nodes.Name)}


def override(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_both_languages_define_the_same_templates() -> None:
    names = names_in(PACKAGED)
    assert "th/mail.html" in names
    assert {n for n in names if n[:3] == "en/"} == {f"en/{pair}" for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS)
def test_both_languages_use_the_same_variables(pair: str) -> None:
    templates = Templates()
    assert templates.variables(f"th/{pair}") == templates.variables(f"en/{pair}")
    assert fields(f"th/{pair}") == fields(f"en/{pair}")


def test_the_words_of_both_languages_have_the_same_keys() -> None:
    words = [jinja2.Environment(autoescape=True).from_string((PACKAGED / one / "words.txt").read_text()).module
             for one in ("th", "en")]  # fmt: skip
    tables = [{name: set(value) for name, value in vars(one).items() if isinstance(value, dict)} for one in words]
    assert tables[0] == tables[1]
    assert len(tables[0]) >= 8


def test_the_example_overrides_load_and_end_the_mail() -> None:
    text = plain(letter(), ROOT / "config" / "templates")
    assert "ศูนย์ปฏิบัติการโครงข่ายเน็ตประชารัฐ (ข้อความอัตโนมัติจาก netmon)" in text
    assert "แจ้งกลับ:" in text


def test_an_override_replaces_its_template_and_no_other(tmp_path: Path) -> None:
    override(tmp_path, "th/signature.txt", "ลงชื่อ ศูนย์อำนาจเจริญ")
    text = plain(letter(), tmp_path)
    assert "ลงชื่อ ศูนย์อำนาจเจริญ" in text
    assert "Sent automatically by netmon" in text


def test_a_folder_that_is_not_there_means_the_packaged_templates(tmp_path: Path) -> None:
    assert plain(letter(), tmp_path / "missing") == plain(letter())


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("th/sms.txt", "{% if %}", "templates/th/sms.txt, line 1: "),
        ("en/mail.txt", "ok\n{{ sentence", "templates/en/mail.txt, line 2: "),
        ("th/sms.txt", "{{ villlage }}", "templates/th/sms.txt: nothing is known as 'villlage' here; correct it"),
        ("th/mial.txt", "x", "templates/th/mial.txt: no message uses a template of this name"),
        ("th/sms.txt", "ขัดข้อง".encode("cp874"), "templates/th/sms.txt: "),
    ],
)
def test_a_mistake_in_an_override_is_named_at_start(
    tmp_path: Path, name: str, text: str | bytes, complaint: str
) -> None:
    with pytest.raises(ComplaintsError) as caught:
        Templates(override(tmp_path, name, text))
    (sentence,) = caught.value.complaints
    assert sentence.startswith(complaint)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    override(tmp_path, "th/sms.txt", "{{ a }}{{ b }}")
    override(tmp_path, "en/sms.txt", "{% endif %}")
    with pytest.raises(ComplaintsError) as caught:
        Templates(tmp_path)
    assert len(caught.value.complaints) == 3


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "th/signature.txt",
            "{{ ''.__class__.__mro__ }}",
            "The template th/mail.txt cannot be filled in: access to attr",
        ),
        ("th/signature.txt", "{{ 1 // 0 }}", "The template th/mail.txt cannot be filled in: ZeroDivisionError."),
        ("th/words.txt", "{% set headline = {} %}", "The template th/mail.txt cannot be filled in: "),
    ],
)
def test_an_override_that_fails_on_a_message_is_logged_once_and_the_packaged_text_goes_out(
    tmp_path: Path, name: str, text: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    override(tmp_path, name, text)
    assert plain(letter(), tmp_path) == plain(letter()) == plain(letter(), tmp_path)
    messages = [record.getMessage() for record in caplog.records]
    assert len([one for one in messages if why in one]) == 1


def test_a_name_nobody_gave_is_an_error_and_no_empty_string() -> None:
    with pytest.raises(InputError, match=r"The template th/noc\.txt cannot be filled in: 'state' is undefined\."):
        Templates().render("th/noc.txt")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("บ้าน\r\nBcc: x", "บ้าน  Bcc: x"),
        ("ab\x00\x1b[31mc", "ab[31mc"),
        ("ก\u202eข\u2066ค", "กขค"),
        ("a\u2028b\ud800", "a b"),
        ("น้ำ\u200bใส", "น้ำ\u200bใส"),
    ],
)
def test_values_lose_their_control_characters_and_keep_their_thai(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
