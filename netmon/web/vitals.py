"""netmon's own vital signs, kept by prometheus_client on a registry of their own.

A gauge appears when it is first set: before that its value is not known, and an unknown value has no sample.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from netmon.model.vitals import Vital, VitalKind

_MILLISECOND = 0.001
BUCKETS: dict[Vital, tuple[float, ...]] = {
    # Fine around 20 ms, the promised 99th percentile of the loop's lag (DESIGN section 12).
    Vital.LOOP_LAG: tuple(_MILLISECOND * ms for ms in (0.5, 1, 2, 5, 10, 15, 20, 30, 50, 100, 250, 1_000)),
    # A commit waits for the disk: from an SSD's fsync to a disk in trouble.
    Vital.STORE_COMMIT: tuple(_MILLISECOND * ms for ms in (1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 5_000)),
}
"""Upper bounds in seconds of each histogram."""


class PrometheusVitals:
    """`ports.Vitals`. A vital sign used against its kind is dropped: counting must never stop what is counted."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counters: dict[Vital, Counter] = {}
        self._histograms: dict[Vital, Histogram] = {}
        self._gauges: dict[Vital, Gauge] = {}
        for vital in Vital:
            if vital.value.kind is VitalKind.COUNTER:
                spec = vital.value
                self._counters[vital] = Counter(spec.metric, spec.help, _labels(vital), registry=self._registry)
            elif vital.value.kind is VitalKind.HISTOGRAM:
                spec = vital.value
                self._histograms[vital] = Histogram(
                    spec.metric, spec.help, registry=self._registry, buckets=BUCKETS[vital]
                )

    def count(self, vital: Vital, amount: float = 1, label: str = "") -> None:
        counter = self._counters.get(vital)
        if counter is not None and amount >= 0:
            (counter.labels(label) if vital.value.label else counter).inc(amount)

    def gauge(self, vital: Vital, value: float, label: str = "") -> None:
        if vital.value.kind is not VitalKind.GAUGE:
            return
        gauge = self._gauges.get(vital)
        if gauge is None:
            gauge = Gauge(vital.value.metric, vital.value.help, _labels(vital), registry=self._registry)
            self._gauges[vital] = gauge
        (gauge.labels(label) if vital.value.label else gauge).set(value)

    def observe(self, vital: Vital, value: float) -> None:
        histogram = self._histograms.get(vital)
        if histogram is not None:
            histogram.observe(value)

    def expose(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _labels(vital: Vital) -> tuple[str, ...]:
    return (vital.value.label,) if vital.value.label else ()
