"""Keeps the host closed to the workspaces' networks, where we may: chains of our own in the packet filter."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from monitor.domain.firewall import Chain, chains, jump
from monitor.ports.clock import Clock

NOT_ROOT = (
    "Slipway does not run as root, so it cannot close this machine to the workspaces: "
    "they reach its services that listen on all addresses"
)
_PROGRAMS = ("iptables", "iptables-nft", "iptables-legacy")
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
_RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_FRESH_S = 30.0
_WAIT = ("-w", "5")


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    text: str


class Firewall:
    """One install's chains. `ensure` is idempotent and cheap; asked before every start, it looks again every 30 s."""

    def __init__(self, install_id: str, subnets: str, clock: Clock) -> None:
        self._pool = IPv4Network(subnets)
        self._chains = chains(install_id, _name_servers())
        self._clock = clock
        self._looked: float | None = None
        self._warnings: tuple[str, ...] = ()
        self._lock = asyncio.Lock()

    async def ensure(self) -> tuple[str, ...]:
        """Put the chains in place; returns a sentence for whatever could not be closed. Never raises."""
        async with self._lock:
            now = self._clock.monotonic()
            if self._looked is None or now - self._looked > _FRESH_S:
                self._warnings = await self._put_in_place()
                self._looked = now
            return self._warnings

    async def remove(self) -> None:
        """Take the chains away, once nothing runs any more."""
        async with self._lock:
            self._looked = None
            program = await self._program() if os.geteuid() == 0 else None
            for chain in self._chains if program else ():
                assert program is not None
                await _run(program, "-D", chain.hook, *jump(chain, self._pool).split())
                await _run(program, "-F", chain.name)
                await _run(program, "-X", chain.name)

    async def _put_in_place(self) -> tuple[str, ...]:
        if os.geteuid() != 0:
            return (NOT_ROOT,)
        program = await self._program()
        if program is None:
            return ("this machine has no iptables: workspaces reach its services that listen on all addresses",)
        warnings = [await self._one(program, chain) for chain in self._chains]
        return tuple(warning for warning in warnings if warning)

    async def _one(self, program: str, chain: Chain) -> str:
        made = await self._fill(program, chain)
        hooked = made if made.code else await self._hook(program, chain)
        if not hooked.code:
            return ""
        return f"the packet filter could not be set up ({chain.hook}): {hooked.text.strip()[:200]}"

    async def _fill(self, program: str, chain: Chain) -> Said:
        """The chain with exactly its rules; replaced in one step, so that no packet meets half of it."""
        wanted = [f"-N {chain.name}", *(f"-A {chain.name} {rule}" for rule in chain.rules)]
        if (await _run(program, "-S", chain.name)).text.splitlines() == wanted:
            return Said(0, "")
        text = "\n".join(["*filter", f":{chain.name} - [0:0]", *wanted[1:], "COMMIT", ""])
        return await _run(f"{program}-restore", "--noflush", said=text)

    async def _hook(self, program: str, chain: Chain) -> Said:
        """Our jump before every foreign rule: one that accepts would otherwise come first."""
        rule = f"-A {chain.hook} {jump(chain, self._pool)}"
        listed = await _run(program, "-S", chain.hook)
        if listed.code:
            return listed
        for line in (line for line in listed.text.splitlines() if line.startswith("-A ")):
            if line == rule:
                return Said(0, "")
            if " -j SLIPWAY-" not in line:
                break
        words = jump(chain, self._pool).split()
        await _run(program, "-D", chain.hook, *words)
        return await _run(program, "-I", chain.hook, "1", *words)

    async def _program(self) -> str | None:
        """The variant Docker uses: the one that knows its chain; else the default."""
        there = [path for name in _PROGRAMS if (path := shutil.which(name, path=_path()))]
        for program in there:
            if not (await _run(program, "-S", "DOCKER-USER")).code:
                return program
        return there[0] if there else None


async def _run(program: str, *words: str, said: str = "") -> Said:
    argv = [program, *_WAIT, *words]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env={"PATH": _path()},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        return Said(127, str(error))
    try:
        async with asyncio.timeout(15):
            output, _ = await process.communicate(said.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return Said(124, f"{program} does not answer")
    return Said(process.returncode or 0, output.decode("utf-8", "replace"))


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:{_SBIN}".lstrip(":")


def _name_servers() -> list[str]:
    found: list[str] = []
    for path in _RESOLVERS:
        with suppress(OSError):
            words = [line.split() for line in path.read_text("utf-8", "replace").splitlines()]
            found += [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
    return list(dict.fromkeys(found))
