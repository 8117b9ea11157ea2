"""The codec and the client under libFuzzer (atheris), which looks for new paths through the code by itself."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netmon.errors import SnmpDecodeError
from netmon.probes.snmp.codec import decode_message
from netmon.probes.snmp.template import read_head

pytest.importorskip("atheris", reason="atheris has no wheel for this machine")

from tests.probes.snmp.fuzz_codec import TEMPLATE, Target, seeds

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 0.010  # seconds


def seconds_for(data):
    """Best of five: a full garbage collection or a busy machine may fall into any of them."""
    best = 1.0
    for _ in range(5):
        started = time.thread_time()
        try:
            decode_message(data)
        except SnmpDecodeError:
            pass
        head = read_head(data)
        try:
            _ = head and TEMPLATE.read_values(data, head[3], head[4])
        except SnmpDecodeError:
            pass
        best = min(best, time.thread_time() - started)
    return best


def fuzz(home, runs, longest):
    """Run the fuzzer; return how many inputs it tried and those it found slow."""
    corpus, slow = home / "corpus", home / "slow"
    corpus.mkdir()
    slow.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    command = [sys.executable, "-m", "tests.probes.snmp.fuzz_codec", str(slow)]
    command += [f"-runs={runs}", f"-max_len={longest}", "-seed=161", f"-artifact_prefix={home}/"]
    done = subprocess.run(  # noqa: PLW1510  (a crash is told below, with what it said)
        [*command, str(corpus)], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    tried = re.search(r"Done (\d+) runs", done.stderr)
    assert tried is not None, done.stderr[-4000:]
    return int(tried[1]), [path.read_bytes() for path in slow.iterdir()]


@pytest.mark.parametrize(
    ("runs", "longest"),
    [
        pytest.param(20_000, 1_000, id="short"),
        pytest.param(1_000_000, 1_000, id="a million", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
        pytest.param(20_000, 65_507, id="as long as UDP carries", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
def test_no_input_gets_anything_but_the_one_exception_and_none_takes_ten_milliseconds(tmp_path, capsys, runs, longest):
    started = time.monotonic()
    tried, slow = fuzz(tmp_path, runs, longest)
    slowest = max(map(seconds_for, slow), default=0.0)
    with capsys.disabled():
        sys.stdout.write(
            f"\nfuzzing: {tried:,} inputs of up to {longest:,} octets in {time.monotonic() - started:.0f} s, "
            f"{len(slow)} looked at again, the slowest {slowest * 1000:.2f} ms\n"
        )
    assert tried >= runs
    assert slowest < LIMIT


def test_one_of_the_seeds_is_an_answer_with_values():
    target = Target()
    assert [target.one_input(seed) for seed in seeds()].count(1) == 1
