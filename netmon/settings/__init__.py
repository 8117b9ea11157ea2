"""YAML and CSV -> validated settings and inventory; whatever is wrong comes out as sentences for the operator.

netmon.yaml goes text -> data with lines (`document`) -> pydantic models (`model`) -> `Settings`; the CSV files go
bytes -> clean cells (`tables`) -> one lenient draft (`sheets`) -> cross-checks (`links`) -> `Inventory`.
The doctor works on the draft, so that it can also look at files that are refused.
"""

from netmon.settings.check import CheckReport, check
from netmon.settings.complaints import Complaint, Kind, listing
from netmon.settings.credentials import Secret, SnmpCredential, resolve, resolve_snmp
from netmon.settings.doctor import examine
from netmon.settings.inventory import LoadedInventory, load_inventory
from netmon.settings.load import load_settings, state_directory
from netmon.settings.model import Settings, settings_schema
from netmon.settings.profile_file import profile_schema
from netmon.settings.profiles import load_profiles

__all__ = [
    "CheckReport",
    "Complaint",
    "Kind",
    "LoadedInventory",
    "Secret",
    "Settings",
    "SnmpCredential",
    "check",
    "examine",
    "listing",
    "load_inventory",
    "load_profiles",
    "load_settings",
    "profile_schema",
    "resolve",
    "resolve_snmp",
    "settings_schema",
    "state_directory",
]
