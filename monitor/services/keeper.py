"""One workspace's own loop: settle, look, plan, act, until nothing is left to do.

Each keeper is one task; it holds its workspace's operations in order, so start, stop and edit of one workspace
never overlap and a slow one delays no other. `hint` says something may have changed on disk (settles first),
`poke` that something else did (acts at once).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.instance import Instance, Running
from monitor.domain.plan import Action, Desired, Observed, Start, Stop, plan
from monitor.domain.redaction import Redactor
from monitor.domain.standing import NEW, standing
from monitor.domain.workspace import Intent, Phase
from monitor.errors import Away, SlipwayError
from monitor.services.intents import Intents
from monitor.services.launcher import Crew, Launcher
from monitor.services.memory import Memory
from monitor.services.registry import Registry
from monitor.services.restore.turns import Turns
from monitor.services.settle import Settle
from monitor.services.survey import Look, Survey

MAX_ROUNDS = 20
RETRY_S = 5.0
PROGRESS_LINES = 20

log = logging.getLogger(__name__)


def nobody_looks(_name: str, _look: Look | None, _state: str) -> None:
    """What serves is not looked at from outside."""


def nobody_keeps(_name: str, _folder: Path) -> None:
    """What is saved during a launch is kept after it."""


@dataclass(slots=True)
class Tools:
    """What every keeper works with.

    `keep` is given each settled look (and the ns of its batch's first event) so that its files are kept in S3,
    `forget` the name of a workspace that is no more. `turns` keeps restores and launches apart. `renamed` is told
    a new name and the one the same folder had before. `serves` is told what serves and is at rest, with a name for
    exactly that state, or None once it serves no longer. `saved` is told of hints while a launch is under way: it may
    take minutes, and what is saved meanwhile must be kept all the same."""

    crew: Crew
    survey: Survey
    settle: Settle
    registry: Registry
    intents: Intents
    addresses: Callable[[str], dict[str, str]]
    keep: Callable[[str, Path, Look, int], None]
    forget: Callable[[str, Path], Awaitable[None]]
    turns: Turns
    renamed: Callable[[str, str], None]
    serves: Callable[[str, Look | None, str], None] = nobody_looks
    saved: Callable[[str, Path], None] = nobody_keeps


class Keeper:
    """Keeps one workspace as it should be; ends after its folder is gone and everything of it removed.

    `sudden`: the folder appeared while we watched, so nothing of it runs yet.
    """

    def __init__(self, name: str, folder: Path, tools: Tools, *, sudden: bool = False) -> None:
        self._sudden = sudden
        self.name = name
        self.folder = folder
        self.walked_at = float("-inf")
        self._tools = tools
        self._clock = tools.crew.clock
        self._memory = Memory()
        self._launcher = Launcher(name, tools.crew, self._memory, self._progress)
        self._wake = asyncio.Event()
        self._scope: asyncio.Timeout | None = None
        self._hinted: float | None = self._clock.monotonic()
        self._seen_ns = self._clock.wall_ns()
        self._new = True
        self._gone = False
        self._passing = False
        self._wake.set()

    @property
    def busy(self) -> bool:
        """Whether something was asked or noticed that has not been dealt with to its end."""
        return self._passing or self._wake.is_set()

    @property
    def redactor(self) -> Redactor:
        """Hides this workspace's secrets in what it printed."""
        return self._memory.redactor

    def hint(self) -> None:
        """Something under the folder may have changed."""
        if self._hinted is None:
            self._seen_ns = self._clock.wall_ns()
        self._hinted = self._clock.monotonic()
        if self._scope is not None:
            self._tools.saved(self.name, self.folder)
        self._wake.set()

    def poke(self) -> None:
        """Something other than the folder changed (an intent, the engine): look at once."""
        self._wake.set()

    def asked(self, *, restart: bool = False) -> None:
        """A person changed the intent: break off what is under way, forget back-off, look at once."""
        self._memory.restart = self._memory.restart or restart
        self._memory.backoff = self._memory.backoff.lifted()
        self._break_off()

    def moved(self, folder: Path) -> None:
        """Another folder now has this workspace's name."""
        self.folder, self._new, self._gone = folder, True, False
        self.hint()

    def give_way(self) -> None:
        """Somebody announced a turn with this workspace (a restore): break off what is under way."""
        self._break_off()

    def gone(self, gone: bool = True) -> None:
        """The folder is no more (or is there again)."""
        if gone != self._gone:
            self._gone = gone
            self._hinted = None if gone else self._clock.monotonic()
            self._break_off()

    async def run(self) -> None:
        """The loop; returns once the workspace is forgotten. One that fails unexpectedly says so and goes on."""
        while True:
            await self._wait()
            self._passing = True
            try:
                if self._hinted is not None and not self._gone:
                    await self._settled()
                async with self._tools.turns.hold(self.name):
                    if await self._pass():
                        return
            except Away as error:
                self._show(reason=f"waiting: {error.message}", hint=error.hint)
                self._wake_in(RETRY_S)
            except SlipwayError as error:
                self._show(phase=Phase.FAILED, reason=error.message, hint=error.hint)
            except Exception:
                log.exception("the loop of workspace %s failed; it goes on with the next change", self.name)
                self._show(phase=Phase.FAILED, reason="an internal error; the monitor's log has the details")
            self._passing = False

    async def _wait(self) -> None:
        left = self._memory.backoff.left(self._clock.monotonic())
        try:
            async with asyncio.timeout(left + 0.01 if left else None):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _settled(self) -> None:
        if self._new:
            self._show(reason=NEW, changing=NEW)
        async with asyncio.TaskGroup() as group:
            if self._new and self._sudden:
                group.create_task(self._tools.crew.engine.expect(self.name), name=f"expect {self.name}")
            await self._tools.settle.settled(
                self.folder,
                last_hint=lambda: self._hinted or 0.0,
                growing=self._new,
                tell=lambda text: self._show(reason=text, changing=text),
            )
        self._hinted, self._new = None, False
        self._wake.clear()

    async def _pass(self) -> bool:
        """Look, plan and act until the plan is empty; true once the workspace is forgotten."""
        for _ in range(MAX_ROUNDS):
            if doing := self._tools.turns.doing(self.name):
                self._show(changing=doing)
                return False
            look = None if self._gone else await self._tools.survey.look(self.name, self.folder, self._seen_ns)
            if look is not None:
                self.walked_at = self._clock.monotonic()
                if look.secrets != self._memory.redactor.secrets:
                    self._memory.redactor = Redactor(look.secrets)
                self._tools.keep(self.name, self.folder, look, self._seen_ns)
            desired = self._desired(look)
            observed = await self._observe(look)
            actions = plan(desired, observed, self._memory.backoff, self._clock.monotonic())
            if look is not None:
                self._stand(look, desired, observed, actions)
            if not actions:
                self._at_rest(look, desired, observed)
                return False
            await self._act(actions, look)
            if desired.restart:
                self._memory.restart = False
            if desired.gone and not await self._tools.crew.observer.of(self.name):
                self._tools.registry.remove(self.name)
                await self._tools.forget(self.name, self.folder)
                return self._gone
        log.warning("workspace %s does not come to rest; going on at the next scan", self.name)
        return False

    def _at_rest(self, look: Look | None, desired: Desired, observed: Observed) -> None:
        """Nothing is left to do: whoever looks from outside may look now."""
        serving = sorted(i.id for i in observed.instances if i.id in observed.confirmed)
        state = f"{'+'.join(serving)}:{desired.digest}"
        self._tools.serves(self.name, look if serving and desired.spec is not None else None, state)

    def _desired(self, look: Look | None) -> Desired:
        if look is None:
            return Desired(None, gone=True)
        if self._tools.intents.of(self.name) is Intent.STOP:
            return Desired(None, look.launch.digest, reason="stopped on purpose")
        return Desired(
            look.spec,
            look.launch.digest,
            reason=look.reason,
            hold=look.hold,
            restart=self._memory.restart,
            failed=look.failed,
        )

    async def _observe(self, look: Look | None) -> Observed:
        instances = await self._tools.crew.observer.of(self.name)
        self._memory.keep_only(instances)
        self._tools.crew.routing.observed(instances)
        applied = {i.id: await self._applied(i) for i in instances} if look and look.spec else {}
        # What was given up on never acknowledged anything; only another source is worth a try.
        applied = {key: digest or self._memory.given_up.get(key) for key, digest in applied.items()}
        return Observed(instances, applied, frozenset(self._memory.confirmed), frozenset(self._memory.given_up))

    async def _applied(self, instance: Instance) -> str | None:
        return await self._tools.crew.engine.applied(instance) if instance.state is Running.RUNNING else None

    async def _act(self, actions: tuple[Action, ...], look: Look | None) -> None:
        """Carry out; a changed intent or a vanished folder breaks off what can be (nothing is left half made)."""
        for action in actions:
            log.info("%s: %s, because %s", self.name, type(action).__name__.lower(), action.reason)
            try:
                async with asyncio.timeout(None) as self._scope:
                    launch = look.launch if look else None
                    await self._launcher.act(action, launch, look.spec if look else None)
            except TimeoutError:
                if self._scope is None or not self._scope.expired():
                    raise
                return
            finally:
                self._scope = None
            if not isinstance(action, Stop):
                self._show(progress=() if not isinstance(action, Start) else self._state("progress", ()))

    def _break_off(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())
        self._wake.set()

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._wake.set)

    def _stand(self, look: Look, desired: Desired, observed: Observed, actions: tuple[Action, ...]) -> None:
        stands = standing(
            desired, observed, actions, intent=self._tools.intents.of(self.name), failure=self._memory.failure
        )
        self._show(
            type=look.type,
            phase=stands.phase,
            reason=stands.reason,
            changing=stands.changing,
            hint=look.hint if desired.spec is None else (self._memory.failure.hint if self._memory.failure else ""),
            evidence=look.evidence,
            warnings=look.warnings,
            description=look.description,
            icon=look.icon,
            failure=self._memory.failure,
            generation=max((i.generation for i in observed.instances if i.id in observed.confirmed), default=None),
        )

    def _progress(self, line: str) -> None:
        lines: tuple[str, ...] = self._state("progress", ())
        self._show(progress=(*lines, self.redactor.line(line))[-PROGRESS_LINES:])

    def _state(self, field: str, default: Any) -> Any:
        return getattr(self._tools.registry.get(self.name), field, default)

    def _show(self, **changes: Any) -> None:
        if self._gone and self._tools.registry.get(self.name) is None:
            return
        self._tools.registry.update(self.name, folder=self.folder.name, **self._tools.addresses(self.name), **changes)
