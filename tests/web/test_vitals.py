"""netmon's own vital signs, read back by the reference parser."""

from prometheus_client.parser import text_string_to_metric_families

from netmon.model.vitals import Vital, VitalKind
from netmon.web.vitals import BUCKETS, PrometheusVitals


def _samples(vitals: PrometheusVitals) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(vitals.expose().decode())
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def test_counters_start_at_zero_and_add_up() -> None:
    vitals = PrometheusVitals()
    assert _samples(vitals)["netmon_icmp_requests_total", ()] == 0
    vitals.count(Vital.PROBES_SENT, 40)
    vitals.count(Vital.PROBES_SENT)
    vitals.count(Vital.REPLIES_REJECTED, label="forged")
    samples = _samples(vitals)
    assert samples["netmon_icmp_requests_total", ()] == 41
    assert samples["netmon_icmp_replies_rejected_total", ("forged",)] == 1


def test_gauge_that_nobody_set_has_no_sample() -> None:
    vitals = PrometheusVitals()
    assert ("netmon_blind", ()) not in _samples(vitals)
    vitals.gauge(Vital.BLIND, 0)
    assert _samples(vitals)["netmon_blind", ()] == 0


def test_observations_fall_into_their_bucket() -> None:
    vitals = PrometheusVitals()
    vitals.observe(Vital.LOOP_LAG, 0.012)
    samples = _samples(vitals)
    assert samples["netmon_loop_lag_seconds_bucket", ("0.015",)] == 1
    assert samples["netmon_loop_lag_seconds_bucket", ("0.01",)] == 0
    assert samples["netmon_loop_lag_seconds_sum", ()] == 0.012


def test_every_vital_sign_can_be_counted_in_every_way_without_harm() -> None:
    vitals = PrometheusVitals()
    for vital in Vital:
        vitals.count(vital, 1, label="x")
        vitals.count(vital, -1)
        vitals.gauge(vital, 1, label="x")
        vitals.observe(vital, 1)
    names = {name for name, _ in _samples(vitals)}
    suffix = {VitalKind.COUNTER: "_total", VitalKind.GAUGE: "", VitalKind.HISTOGRAM: "_count"}
    assert {vital.value.metric + suffix[vital.value.kind] for vital in Vital} <= names


def test_every_histogram_has_buckets_of_its_own() -> None:
    assert set(BUCKETS) == {vital for vital in Vital if vital.value.kind is VitalKind.HISTOGRAM}


def test_own_process_is_measured_too() -> None:
    assert _samples(PrometheusVitals())["process_resident_memory_bytes", ()] > 0
