"""A mail in a real browser's engine, which most mail programs use: on a phone and a desk, by day and by night."""

import html as markup
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from netmon.model.faults import Cause
from netmon.model.ids import DeviceId, VillageId
from netmon.model.inventory import Inventory
from netmon.model.notices import Letter, Stage, Tried
from netmon.model.paths import PathTrace
from netmon.notifiers import MailComposer, Templates
from netmon.rules.wording import evidence_lines, sentence
from tests.kit.peers import find_program
from tests.notifiers.letters import CENTRE, NINE_FIFTEEN, device_of, fault_of, letter, noc_letter, village
from tests.notifiers.makers import LETTERHEAD, part

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1200,900",
    "--virtual-time-budget=2000", "--dump-dom",
)  # fmt: skip
SCHEMES = {"dark": 0, "light": 1}
"""Blink's preferredColorScheme."""
PHONE, DESK = 400, 1000
READABLE = 4.5
"""Contrast that WCAG 2.2 asks for in ordinary text (1.4.3)."""
MEASURE = """
const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
const isClear = colour => numbers(colour)[3] === 0;
function behind(element, canvas) {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!isClear(colour)) return numbers(colour);
  }
  return canvas;
}
function measure(frame) {
  const page = frame.contentDocument, probe = page.createElement("i");
  probe.style.backgroundColor = "Canvas";
  page.body.append(probe);
  const canvas = numbers(frame.contentWindow.getComputedStyle(probe).backgroundColor);
  probe.remove();
  const walk = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT), texts = [];
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), owner = walk.currentNode.parentElement;
    if (!text) continue;
    const [a, b] = [numbers(getComputedStyle(owner).color), behind(owner, canvas)].map(luminance);
    texts.push([text.slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
                parseFloat(getComputedStyle(owner).fontSize)]);
  }
  const links = [...page.querySelectorAll("a")].map(a => a.getBoundingClientRect().height);
  return {width: frame.clientWidth, needs: page.documentElement.scrollWidth, canvas, texts, links};
}
addEventListener("load", () => {
  document.title = JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
});
"""


@dataclass(frozen=True)
class Shown:
    """One mail in one frame: how wide that is, how wide the mail wants to be, and of each text contrast and size."""

    width: int
    needs: int
    canvas: list[float]
    texts: list[tuple[str, float, float]]
    links: list[float]


def composer() -> MailComposer:
    """With the rules' own wording: its sentences are the longest."""
    return MailComposer(
        Templates(),
        LETTERHEAD,
        lambda fault, language: (sentence(fault, INVENTORY, language), evidence_lines(fault, INVENTORY, language)),
    )


PLACES = [village(number) for number in range(1, 31)]
INVENTORY = Inventory(
    villages={one.id: one for one in PLACES}, devices=[device_of(one) for one in PLACES], centres={CENTRE.id: CENTRE}
)


def letters() -> dict[str, Letter]:
    """Of every kind, with the longest words that may stand in them."""
    long_name = village(7, id=VillageId("37060107"), name="บ้าน" + "หนองแวงใหญ่พัฒนาสามัคคี" * 3, place="หน้าวัด" * 30)
    path = PathTrace(
        device=DeviceId("ap-37060105"), at=NINE_FIFTEEN + 60, hops=("2001:db8:1234:5678:9abc:def0:1234:5678",)
    )
    tried = Tried(tries=3, within=12.0, every=20.0, last_try=NINE_FIFTEEN + 230, last_answer=NINE_FIFTEEN - 15)
    traced = fault_of([village()], path=path)
    return {
        "opened": letter(fault=traced, tried=tried),
        "long": letter(villages=[long_name]),
        "storm": letter(villages=PLACES),
        "mild": letter(fault=fault_of([village()], cause=Cause.AGENT)),
        "resolved": letter(Stage.RESOLVED),
        "blind": noc_letter(Stage.BLIND),
    }


def shown(folder: Path, scheme: str) -> dict[tuple[str, int], Shown]:
    """Every letter at both widths, as measured by the browser."""
    made = {name: part(composer().compose(one), "html") for name, one in letters().items()}
    wanted = [(name, width) for name in made for width in (PHONE, DESK)]
    frames = "".join(
        f'<iframe width="{width}" height="800" style="border:0" srcdoc="{markup.escape(made[name])}"></iframe>'
        for name, width in wanted
    )
    page = folder / f"{scheme}.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}<script>{MEASURE}</script>", encoding="utf-8")
    program = find_program("chromium")
    assert program is not None
    flags = (*FLAGS, f"--user-data-dir={folder / scheme}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}")
    done = subprocess.run([program, *flags, page.as_uri()], capture_output=True, text=True, timeout=90, check=True)
    title = re.search("<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title is not None, done.stderr[-2000:]
    measured = [Shown(**one) for one in json.loads(markup.unescape(title[1]))]
    return dict(zip(wanted, measured, strict=True))


@pytest.mark.peer("chromium")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_mail_fits_a_phone_and_can_be_read_by_day_and_by_night(tmp_path: Path, scheme: str) -> None:
    found = shown(tmp_path, scheme)
    assert len(found) == 12
    is_dark = {sum(one.canvas[:3]) < 3 * 128 for one in found.values()}
    assert is_dark == {scheme == "dark"}, "else the mail has not taken the reader's colours"
    for (name, width), one in found.items():
        assert one.width == width
        assert one.needs <= width, f"{name} is {one.needs} pixels wide on a screen of {width}"
        assert any("ก" <= text[0] <= "๛" for text, _, _ in one.texts), "Thai comes first"
        assert any(text.isascii() for text, _, _ in one.texts), "and English below"
        dim = [(text, contrast) for text, contrast, _ in one.texts if contrast < READABLE]
        assert not dim, f"{name} in the {scheme}: {dim}"
        assert min(size for _, _, size in one.texts) >= 13
        assert all(height >= 24 for height in one.links), "a finger must hit it (WCAG 2.2, 2.5.8)"
