"""Running git in one bare clone of ours: clean environment and configuration, a time limit, secrets hidden."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.git.credentials import Credential
from monitor.domain.git.urls import GitUrl
from monitor.domain.restoring.plan import shown
from monitor.errors import NotFound
from monitor.ports.git import GitAway

MAX_ANSWER = 8 * 1024 * 1024
SHORT_S = 60.0
ASKPASS = "askpass"
_HANDED_ON = (
    "PATH", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
)  # fmt: skip
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "",
    "core.askPass": "",
    "core.bigFileThreshold": "32m",
    "credential.helper": "",
    # One pack, which is there whole or not at all.
    "fetch.unpackLimit": "1",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
    "gc.autoDetach": "false",
    "gc.pruneExpire": "never",
    "pack.threads": "1",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}
_ANSWERS = """#!/bin/sh
# Tells git the one credential it was started with, and only where that belongs.
case "$1" in
"Username for '$SLIPWAY_GIT_AT': ") printf '%s\\n' "$SLIPWAY_GIT_USERNAME" ;;
"Password for '${SLIPWAY_GIT_AT%%://*}://"*"@${SLIPWAY_GIT_AT#*://}': ") printf '%s\\n' "$SLIPWAY_GIT_PASSWORD" ;;
*) exit 1 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """How git ended; `said` is what it printed for people, its secrets hidden."""

    code: int
    out: bytes
    said: str


class Runner:
    """`home` is a folder of ours for the clones, the askpass program and known hosts; `protocols` are allowed."""

    def __init__(self, home: Path, protocols: Iterable[str]) -> None:
        self.home, self._protocols = home, ":".join(sorted(protocols))

    def prepare(self) -> None:
        """Make what git is given beside its arguments; raises `NotFound` where there is no git."""
        if shutil.which("git") is None:
            raise NotFound("git is not installed here", hint="install git; everything else works without it")
        (self.home / "home").mkdir(parents=True, exist_ok=True, mode=0o700)
        program = self.home / ASKPASS
        if not program.exists() or program.read_text() != _ANSWERS:
            beside = program.with_name(f".{ASKPASS}.{os.getpid()}")
            beside.write_text(_ANSWERS)
            beside.chmod(0o700)
            beside.replace(program)

    async def run(
        self,
        clone: Path,
        *words: str,
        within_s: float = SHORT_S,
        url: GitUrl | None = None,
        credential: Credential | None = None,
        hide: Iterable[str] = (),
    ) -> Answer:
        """`git WORDS` in the bare `clone`; raises `GitAway` after `within_s` seconds, with nothing of it left."""
        process = await asyncio.create_subprocess_exec(
            "git", f"--git-dir={clone}", *words,
            cwd=self.home, env=self.environment(clone, url, credential), start_new_session=True,
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(within_s):
                out, err = await asyncio.gather(_all(process.stdout), _all(process.stderr))
                code = await process.wait()
        except TimeoutError:
            raise GitAway(
                f"git did not finish within {within_s:g} s", hint="it is tried again; is the remote reachable?"
            ) from None
        finally:
            await _end(process)
        return Answer(code, out, hidden(err, hide))

    def environment(
        self, clone: Path, url: GitUrl | None = None, credential: Credential | None = None
    ) -> dict[str, str]:
        """All of it: nothing else of the monitor's own reaches git."""
        given = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        return {
            **given,
            "HOME": str(self.home / "home"),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_CEILING_DIRECTORIES": str(clone.parent),
            "GIT_ALLOW_PROTOCOL": self._protocols,
            "GIT_PROTOCOL_FROM_USER": "0",
            "GIT_SSH_VARIANT": "ssh",
            "GIT_SSH_COMMAND": self._ssh(credential),
            **_as_environment({**_CONFIG, "safe.directory": "*"}),
            **self._let_in(url, credential),
        }

    def _let_in(self, url: GitUrl | None, credential: Credential | None) -> Mapping[str, str]:
        if url is None or credential is None or not credential.password.get_secret_value():
            return {"GIT_ASKPASS": "/bin/false"}
        return {
            "GIT_ASKPASS": str(self.home / ASKPASS),
            "SLIPWAY_GIT_AT": f"{url.scheme}://{url.host}",
            "SLIPWAY_GIT_USERNAME": credential.username,
            "SLIPWAY_GIT_PASSWORD": credential.password.get_secret_value(),
        }

    def _ssh(self, credential: Credential | None) -> str:
        known = self.home / "known_hosts"
        options = [
            "BatchMode=yes", "StrictHostKeyChecking=accept-new", f"UserKnownHostsFile={known}", "ConnectTimeout=20",
            "IdentitiesOnly=yes", "IdentityAgent=none", "ForwardAgent=no", "PermitLocalCommand=no",
            "ControlMaster=no",
        ]  # fmt: skip
        words = ["ssh", "-F", "/dev/null", *(word for option in options for word in ("-o", option))]
        if credential is not None and credential.ssh_key is not None:
            return shlex.join([*words, "-i", str(credential.ssh_key)])
        # Else ssh tries the keys of whoever runs the monitor, for an address that a workspace names.
        words += ["-o", "IdentityFile=none"]
        return shlex.join(words)


def hidden(said: bytes, secrets: Iterable[str]) -> str:
    """What git said, for a person: no secret, no control characters, not endless."""
    text = said[-4000:].decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "***")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return shown("; ".join(lines))[-600:]


def _as_environment(config: Mapping[str, str]) -> dict[str, str]:
    found = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    """Its end is what matters where it is too much."""
    found = bytearray()
    while stream is not None and (data := await stream.read(64 * 1024)):
        found += data
        del found[:-MAX_ANSWER]
    return bytes(found)


async def _end(process: Process) -> None:
    """Whatever it started ends with it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
