"""What must never leave the machine by accident: files whose name or first line says they hold a secret.

Fails closed: copies, backups and editor leftovers of a secret are secrets, names are compared without case, and
a file that must be looked into but cannot be read is one too. Only `slipway.yaml` (`Overrides.secrets`) opts in.

By name: `.env*` (not `.env.example`, `.env.sample`, `.env.template`), SSH keys, key stores and key files,
credentials of registries, clouds, databases and git. By content: `.npmrc` and its like when they carry a token
rather than `${A_VARIABLE}`, and any file that begins as a private key.
"""

from __future__ import annotations

import re
from functools import lru_cache

LOOK_BYTES = 64 * 1024

_LEFTOVER = re.compile(r"(~|#|\.(bak|backup|old|orig|save|sav|copy|tmp|swp|swo|swx|rej))+$")
_HARMLESS_ENV = re.compile(r"^\.env(\..+)?\.(example|sample|template)$")
_SSH_KEY = re.compile(r"^id_(rsa|dsa|ecdsa|ed25519)(_sk)?([^a-z].*)?$")
_SERVICE_ACCOUNT = re.compile(r"^(service[-_]?account|gcp|firebase-adminsdk).*\.json$")
_KEY_ENDINGS = (
    ".pem", ".key", ".p12", ".pfx", ".p8", ".pk8", ".jks", ".keystore", ".kdbx", ".kdb", ".ppk", ".ovpn",
    ".tfstate",
    ".tfvars",
)  # fmt: skip
_NAMES = frozenset({
    ".pypirc", ".netrc", "_netrc", ".git-credentials", ".dockercfg", ".dockerconfigjson", ".htpasswd", ".pgpass",
    ".my.cnf", ".mylogin.cnf", ".s3cfg", ".boto", ".vault-token", ".vault_pass", "auth.json", "kubeconfig",
    "credentials", "credentials.json", "client_secret.json", "secring.gpg",
    ".terraformrc", ".rediscli_auth", ".pgpassfile",
})  # fmt: skip
_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".kube", ".password-store"})
_LOOK_INTO = frozenset({
    ".npmrc", ".yarnrc", ".yarnrc.yml", "pip.conf", "pip.ini", "nuget.config", ".condarc", ".gemrc", "bunfig.toml",
})  # fmt: skip

_ASSIGNED = re.compile(
    r"(?im)^[^#;\n]*(_auth\w*|auth[_-]?token|auth[_-]?ident|password|passwd|secret|token|"
    r"clear ?text ?password|api[_-]?key)"
    r"[\"']?\s*(?:[:=]|\s|value=)\s*[\"']?(?P<value>[^\s\"'#;]+)"
)
_IN_URL = re.compile(r"://[^/\s:@]*:(?P<value>[^/\s@]+)@")
_PRIVATE_KEY = re.compile(
    rb"\s*(-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1)"
)


@lru_cache(maxsize=16_384)
def secret_by_name(name: str, is_dir: bool = False) -> str:
    """Why a file or folder of that name is a secret; empty if the name alone does not make it one."""
    plain = _without_leftovers(name.lower())
    if is_dir and plain in _FOLDERS:
        return f"secret: {plain} holds keys and credentials"
    if plain.startswith(".env") and not _HARMLESS_ENV.match(name.lower()):
        return "secret: .env* holds environment secrets"
    if _SSH_KEY.match(plain) and not plain.endswith(".pub"):
        return "secret: an SSH private key by its name"
    if plain.endswith(_KEY_ENDINGS) and not plain.endswith(".pub.pem"):
        return f"secret: *.{plain.rpartition('.')[2]} usually holds a private key or credentials"
    if not is_dir and (plain in _NAMES or _SERVICE_ACCOUNT.match(plain)):
        return f"secret: {plain} holds credentials"
    return ""


def must_look(name: str) -> bool:
    """Its text decides (see `secret_by_text`): usually harmless settings, sometimes a token."""
    return _without_leftovers(name.lower()) in _LOOK_INTO


def secret_by_text(name: str, text: str | None) -> str:
    """Why a `must_look` file is a secret; `text` is its first 64 KiB, None if it could not be read."""
    if text is None or len(text) >= LOOK_BYTES:
        return f"secret: {name} may hold a token and could not be read whole"
    for found in (*_ASSIGNED.finditer(text), *_IN_URL.finditer(text)):
        if not _refers(found["value"]):
            return f"secret: {name} holds a token or password"
    return ""


def begins_as_key(data: bytes) -> bool:
    """The file is a private key, whatever its name."""
    return _PRIVATE_KEY.match(data[:256]) is not None


@lru_cache(256)
def _without_leftovers(name: str) -> str:
    """`.#.env`, `#.env#`, `server.key.bak~` and `.server.key.swp` name what they are left over from."""
    name = name.removeprefix(".#") if name.startswith(".#") else name.removeprefix("#")
    name = _LEFTOVER.sub("", name)
    return name.strip(" ")


def _refers(value: str) -> bool:
    """A reference to the environment (`${TOKEN}`, `$TOKEN`, `%TOKEN%`), or a plain switch."""
    return bool(re.fullmatch(r"\$\{[^}]+\}|\$\w+|%\w+%|true|false", value))
