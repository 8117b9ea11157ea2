"""netmon's own vital signs, by name. Counting is a port (`ports.Vitals`), so no room needs a metrics library."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class VitalKind(StrEnum):
    """How a vital sign behaves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class VitalSpec:
    """Metric name, kind, help text and at most one label."""

    metric: str
    kind: VitalKind
    help: str
    label: str = ""


_C, _G, _H = VitalKind.COUNTER, VitalKind.GAUGE, VitalKind.HISTOGRAM


class Vital(Enum):
    """Every vital sign netmon has of itself."""

    PROBES_SENT = VitalSpec("netmon_icmp_requests", _C, "Echo requests sent.")
    PROBES_ANSWERED = VitalSpec("netmon_icmp_replies", _C, "Echo replies accepted.")
    PROBES_MISSED = VitalSpec("netmon_icmp_timeouts", _C, "Echo requests that got no answer in time.")
    PROBES_UNHEARD = VitalSpec(
        "netmon_icmp_unheard", _C, "Echo requests whose reply may be among those dropped for want of room."
    )
    PROBES_UNSENT = VitalSpec("netmon_icmp_unsent", _C, "Echo requests the kernel would not send.")
    REPLIES_REJECTED = VitalSpec("netmon_icmp_replies_rejected", _C, "Datagrams not counted as alive.", "reason")
    SNMP_REQUESTS = VitalSpec("netmon_snmp_requests", _C, "SNMP requests sent, retries and discovery included.")
    SNMP_POLLS_ANSWERED = VitalSpec("netmon_snmp_polls_answered", _C, "Polls that brought readings.")
    SNMP_POLLS_MISSED = VitalSpec("netmon_snmp_polls_missed", _C, "Polls that got no usable answer, retries included.")
    SNMP_POLLS_UNHEARD = VitalSpec(
        "netmon_snmp_polls_unheard", _C, "Polls whose answer may be among those dropped for want of room."
    )
    SNMP_REJECTED = VitalSpec("netmon_snmp_replies_rejected", _C, "Datagrams not taken for an answer.", "reason")
    SNMP_DISCOVERIES = VitalSpec("netmon_snmp_discoveries", _C, "First contacts and later ones.", "outcome")
    SNMP_PLANNED = VitalSpec("netmon_snmp_devices", _G, "Devices that netmon knows how to poll.")
    SNMP_SILENT = VitalSpec(
        "netmon_snmp_silent_devices", _G, "Devices that answer ping but not SNMP, of those that did."
    )
    SNMP_MUTE = VitalSpec("netmon_snmp_mute_devices", _G, "Devices with a credential that answer ping and never spoke.")
    DEVICE_CHANGES = VitalSpec("netmon_device_changes", _C, "Devices met, replaced, or upgraded.", "what")
    SLOW_READS = VitalSpec("netmon_snmp_slow_reads", _C, "Reads of a device in the background.", "outcome")
    OLT_READS = VitalSpec("netmon_olt_reads", _C, "Reads of the states of an OLT's ONUs.", "outcome")
    ONUS_KNOWN = VitalSpec("netmon_onus", _G, "ONUs whose row in their OLT's tables is known.")
    DATAGRAMS_DROPPED = VitalSpec("netmon_socket_dropped", _C, "Datagrams the kernel dropped, SO_RXQ_OVFL.", "socket")
    SWEEP_LATE_SLOTS = VitalSpec("netmon_sweep_skipped_slots", _C, "Sweep slots skipped because the loop was late.")
    SWEEP_LATE_DEVICES = VitalSpec("netmon_sweep_late_devices", _G, "Devices whose last probe is overdue.")
    PATH_TRACES = VitalSpec("netmon_path_traces", _C, "Ways to dead devices that were traced.", "outcome")
    FULL_ROUND = VitalSpec("netmon_full_round_seconds", _G, "How long the last full round on demand took.")
    LOOP_LAG = VitalSpec("netmon_loop_lag_seconds", _H, "How late the event loop ran a timer set at any moment.")
    LOOP_LAG_LONGEST = VitalSpec(
        "netmon_loop_lag_longest_seconds", _G, "The longest such lag within the last one to two minutes."
    )
    CLOCK_STEPS = VitalSpec("netmon_clock_steps", _C, "Steps of the machine's wall clock.", "direction")
    TRANSITIONS = VitalSpec("netmon_health_transitions", _C, "Changes of a device's health.", "reason")
    DECISIONS = VitalSpec("netmon_decisions", _C, "Decisions carried out.", "decision")
    BLIND = VitalSpec("netmon_blind", _G, "1 while netmon itself is cut off.")
    STORE_COMMIT = VitalSpec("netmon_store_commit_seconds", _H, "Time to commit one transaction.")
    STORE_FAILED = VitalSpec("netmon_store_failures", _C, "Transactions that failed.", "reason")
    OUTBOX_WAITING = VitalSpec("netmon_outbox_waiting", _G, "Notices not yet delivered.", "channel")
    OUTBOX_OLDEST = VitalSpec("netmon_outbox_oldest_seconds", _G, "Age of the oldest notice that is due.", "channel")
    NOTICES = VitalSpec("netmon_notices", _C, "Tries to deliver a notice, by outcome.", "outcome")
    MAILS = VitalSpec("netmon_mail_notices", _C, "Tries to deliver a notice by mail, by outcome.", "outcome")
    TEXTS = VitalSpec("netmon_sms_notices", _C, "Tries to deliver a notice by SMS, by outcome.", "outcome")
    SMS_REPORTS = VitalSpec("netmon_sms_reports", _C, "Delivery reports that came in, by what they say.", "outcome")
    GATEWAY_RESTS = VitalSpec(
        "netmon_gateway_rests", _G, "1 while a gateway that fails everybody is left alone.", "channel"
    )
    RELOAD_OK = VitalSpec("netmon_reload_success", _G, "1 if the last reload was good, 0 if it changed nothing.")
    RELOAD_AT = VitalSpec("netmon_reload_success_timestamp_seconds", _G, "When a reload last succeeded.")
    TASKS = VitalSpec("netmon_tasks", _G, "Tasks on the event loop; they come and go, and must not grow.")
    TASK_RESTARTS = VitalSpec("netmon_task_restarts", _C, "Tasks restarted after an unexpected error.", "task")
