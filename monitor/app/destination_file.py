"""The destinations `slipway.toml` names, made anew when it changes: adding and removing one needs no restart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from monitor.app.places import place_of
from monitor.destination_settings import FILE, DestinationSettings, destinations_in
from monitor.services.destinations.destination import Destination, Means


class DestinationFile:
    """Called with the destinations there are, gives those there should be: the same ones where their settings are."""

    def __init__(self, data: Path, means: Means, stack: AsyncExitStack) -> None:
        self._file, self._data, self._means, self._stack = data / FILE, data, means, stack
        self._seen: object = object()
        self._settings: dict[str, DestinationSettings] = {}

    def __call__(self, there: Mapping[str, Destination]) -> Mapping[str, Destination] | None:
        """None where the file did not change; raises `UsageError` once for each time it is wrong."""
        seen = self._stamp()
        if seen == self._seen:
            return None
        self._seen = seen
        settings = {one.name: one for one in destinations_in(self._data)}
        made = {name: self._one(one, there.get(name)) for name, one in settings.items()}
        self._settings = settings
        return made

    def _one(self, settings: DestinationSettings, there: Destination | None) -> Destination:
        if there is not None and self._settings.get(settings.name) == settings:
            return there
        return Destination(settings.terms, place_of(settings, self._data, self._stack), self._means)

    def _stamp(self) -> object:
        try:
            info = self._file.stat()
        except OSError:
            return None
        return info.st_mtime_ns, info.st_size, info.st_ino
