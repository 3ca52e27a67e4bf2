"""The store in force: the bundled server, or an S3 server of the user's own; prepared, probed and watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.adapters.bucket import Bucket
from monitor.adapters.embedded.supervisor import State, Supervisor
from monitor.adapters.embedded.weed import BundledStore, bundled_store
from monitor.adapters.metered_store import MeteredStore
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.meter import Meter
from monitor.ports.store import Store
from monitor.settings import Settings

RETRY_S = 15.0


@dataclass(slots=True)
class Storing:
    """`store` is used at once; it raises `StoreAway` until its server answers. `condition` is for people."""

    store: Store
    bucket: Bucket
    identity: str
    supervisor: Supervisor | None
    bundled: BundledStore | None
    condition: str = "starting"

    async def start(self) -> None:
        """Start the bundled server, if that is the one; raises what a person must mend."""
        if self.supervisor is not None:
            await self.supervisor.start()

    async def prepare(self, clock: Clock, warn: Callable[[str | None], None]) -> None:
        """Make the bucket ready, trying until it works; `warn` gets what is missing or wrong, None when all is
        well."""
        while not await self.try_prepare(warn):
            await clock.sleep(RETRY_S)

    async def try_prepare(self, warn: Callable[[str | None], None]) -> bool:
        """One try at it; does nothing where it has worked before."""
        if self.condition == "ready":
            return True
        try:
            sentences = await self._prepared()
        except SlipwayError as error:
            self.condition = "away"
            warn(f"{error.message} {error.hint}".strip())
            return False
        self.condition = "ready"
        warn(" ".join(sentences) or None)
        return True

    async def stop(self) -> None:
        """The last thing to end: everything that writes has ended before."""
        if self.supervisor is not None:
            await self.supervisor.stop()
        if self.bundled is not None:
            await self.bundled.close()
        self.bucket.close()

    @property
    def running(self) -> bool:
        return self.supervisor is None or self.supervisor.condition.state is State.READY

    async def _prepared(self) -> tuple[str, ...]:
        await self.bucket.ensure()
        await self.bucket.keep_versions()
        await self.bucket.clean_up_old_versions()
        abilities = await self.bucket.probe()
        return (*abilities.missing, *abilities.dangers)


def storing(settings: Settings, clock: Clock, meter: Meter | None = None) -> Storing:
    """Choose the store by the settings; `meter` counts what it is asked."""
    chosen = _chosen(settings, clock)
    if meter is not None:
        chosen.store = MeteredStore(chosen.store, meter, clock)
    return chosen


def _chosen(settings: Settings, clock: Clock) -> Storing:
    if settings.own_store:
        access = S3Access(
            settings.s3_endpoint,
            settings.s3_bucket,
            settings.s3_access_key.get_secret_value(),
            settings.s3_secret_key.get_secret_value(),
            settings.s3_region,
        )
        return _storing(access, settings, None, None)
    bundled = bundled_store(settings.data / "store", settings.data / "logs", settings.s3_bucket)
    return _storing(bundled.access, settings, Supervisor(bundled.spec, clock), bundled)


def _storing(
    access: S3Access, settings: Settings, supervisor: Supervisor | None, bundled: BundledStore | None
) -> Storing:
    # The bundled server's port may change between starts; its bucket is the same all the same.
    identity = f"{access.endpoint if bundled is None else 'bundled'} {access.bucket}"
    return Storing(ObjectStore(access), Bucket(access, settings.s3_prefix), identity, supervisor, bundled)
