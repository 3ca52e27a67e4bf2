"""Destinations as stores: a folder, or a bucket on an S3 server that is made and tried at first use."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path

from monitor.adapters.bucket import Bucket
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.destination_settings import DestinationSettings, destinations_in
from monitor.errors import NotFound, Refused
from monitor.ports.store import Store
from monitor.services.destinations.destination import Place
from monitor.services.destinations.places import Below, Conditional
from monitor.settings import Settings


def place_of(terms: DestinationSettings, data: Path, stack: AsyncExitStack) -> Place:
    """The place; `stack` lets go of its connections and threads. Nothing is asked of it yet."""
    if terms.kind == "folder":
        return _folder(terms, data, stack)
    return _bucket(terms, stack)


async def open_destination(settings: Settings, name: str, stack: AsyncExitStack) -> Store:
    """What was copied to destination `name`, as a store without any prefix: all that a restore needs.

    Raises `NotFound` for a name that is not set, and what is wrong with the place.
    """
    for terms in destinations_in(settings.data):
        if terms.name == name:
            place = place_of(terms, settings.data, stack)
            await place.prepare()
            return place.store
    raise NotFound(f"There is no destination {name[:60]!r}.", hint="`slipway backup list` shows them.")


def _folder(terms: DestinationSettings, data: Path, stack: AsyncExitStack) -> Place:
    assert terms.path is not None, "checked by the settings"
    root = terms.path.expanduser()
    store = FolderStore(root)
    stack.callback(store.close)

    async def prepare() -> tuple[str, ...]:
        await store.sweep()
        return ()

    return Place(Below(store, terms.prefix.strip("/")), prepare, same_disk=_one_disk(root, data))


def _bucket(terms: DestinationSettings, stack: AsyncExitStack) -> Place:
    access = S3Access(
        terms.endpoint,
        terms.bucket,
        terms.access_key.get_secret_value(),
        terms.secret_key.get_secret_value(),
        terms.region,
    )
    prefix = terms.prefix.strip("/")
    bucket = Bucket(access, prefix)
    stack.callback(bucket.close)
    store = Conditional(ObjectStore(access), prefix)

    async def prepare() -> tuple[str, ...]:
        await bucket.ensure()
        abilities = await bucket.probe()
        store.conditional = abilities.conditional
        if not abilities.usable:
            raise Refused(" ".join(abilities.missing), hint=f"Destination {terms.name} needs another server.")
        return abilities.dangers

    return Place(store, prepare, same_disk=access.on_loopback)


def _one_disk(one: Path, other: Path) -> bool:
    try:
        return os.stat(one).st_dev == os.stat(other).st_dev  # noqa: PTH116
    except OSError:
        return False
