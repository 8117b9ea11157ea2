"""The SNMPv3 users of a real agent, one for every pair of protocols, and what netmon is told of each."""

from netmon.model.snmp_users import Authentication, Privacy, SnmpUser
from netmon.probes.snmp.access import UserAccess

KEY, SECOND_KEY = b"first-passphrase", b"second-passphrase"
NET_SNMPS_NAMES = {
    Authentication.MD5: "MD5",
    Authentication.SHA1: "SHA",
    Authentication.SHA224: "SHA-224",
    Authentication.SHA256: "SHA-256",
    Authentication.SHA384: "SHA-384",
    Authentication.SHA512: "SHA-512",
    Privacy.NONE: "",
    Privacy.DES: "DES",
    Privacy.AES128: "AES",
    Privacy.AES192: "AES-192",
    Privacy.AES256: "AES-256",
    Privacy.AES192C: "AES-192-C",
    Privacy.AES256C: "AES-256-C",
}


def lines_of(authentication: Authentication, privacy: Privacy) -> tuple[str, str]:
    """Make net-snmp know a user of these protocols, by a name that tells them."""
    name, cipher = f"{authentication}-{privacy}", NET_SNMPS_NAMES[privacy]
    secret = f'{cipher} "{SECOND_KEY.decode()}"' if cipher else ""
    user = f'createUser {name} {NET_SNMPS_NAMES[authentication]} "{KEY.decode()}" {secret}'
    return user, f"rouser {name} {'priv' if secret else 'auth'}"


USERS = [line for one in Authentication for two in Privacy for line in lines_of(one, two)]


def access_of(authentication: Authentication = Authentication.SHA256, privacy: Privacy = Privacy.AES128) -> UserAccess:
    user = SnmpUser(f"{authentication}-{privacy}", authentication, privacy)
    return UserAccess(user, KEY, b"" if privacy is Privacy.NONE else SECOND_KEY)
