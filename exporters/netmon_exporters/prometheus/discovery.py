"""Prometheus' HTTP service discovery: a target for netmon itself and one for each province.

All targets are the same address with another path. Prometheus tells two targets apart by their labels only, so each
has one of its own: without `province` the series `up` of all of them would be one and the same.
"""

import json
from collections.abc import Iterable

from netmon.model.regions import REGION_OF_PROVINCE

CONTENT_TYPE = "application/json"
METRICS_PATH = "/metrics"
PROVINCE_PATH = "/metrics/province/{code}"


def targets(address: str, scheme: str, provinces: Iterable[str]) -> bytes:
    """The list of target groups, for `http_sd_configs`; `scheme` is http or https."""
    how = {} if scheme == "http" else {"__scheme__": scheme}
    groups: list[dict[str, object]] = [{"targets": [address], "labels": {"__metrics_path__": METRICS_PATH, **how}}]
    for code in provinces:
        labels = {"__metrics_path__": PROVINCE_PATH.format(code=code), **how, "province": code}
        if code in REGION_OF_PROVINCE:
            labels["region"] = REGION_OF_PROVINCE[code]
        groups.append({"targets": [address], "labels": labels})
    return json.dumps(groups).encode()
