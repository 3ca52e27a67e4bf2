"""Which images that were made here go: those not used for long, and the longest unused beyond a total size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.sizes import GIB

DAY_S = 86_400.0


class ImageKind(StrEnum):
    """What an image of ours is."""

    RUNTIME = "runtimes"
    LAYER = "dependencies"
    BUILD = "own Dockerfiles"


@dataclass(frozen=True, slots=True)
class Image:
    """One image on disk: `size` are its own bytes without those below it, `used_s` when it was last in use (wall).

    `stays` says why it must not go, "" where it may.
    """

    id: str
    name: str
    kind: ImageKind
    workspace: str
    size: int
    used_s: float
    stays: str = ""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """How long an unused image stays, in seconds, and how many bytes all of them may take."""

    age_s: float = 14 * DAY_S
    most: int = 20 * GIB


@dataclass(frozen=True, slots=True)
class Leaving:
    """An image that goes, and why."""

    image: Image
    reason: str

    @property
    def sentence(self) -> str:
        of = f" of '{self.image.workspace}'" if self.image.workspace else ""
        return f"the image {self.image.name}{of}, {self.reason}"


def leaving(images: Iterable[Image], limits: ImageLimits, now_s: float) -> tuple[Leaving, ...]:
    """What goes, the longest unused first; never what stays for a reason, whatever the limits."""
    every = sorted(images, key=lambda image: (image.used_s, image.name))
    left = sum(image.size for image in every)
    gone = []
    for image in every:
        idle = now_s - image.used_s
        if image.stays:
            continue
        if idle > limits.age_s:
            gone.append(Leaving(image, f"not used for {idle / DAY_S:.0f} days"))
        elif left > limits.most:
            gone.append(Leaving(image, f"the longest unused, while images take more than {amount(limits.most)}"))
        else:
            continue
        left -= image.size
    return tuple(gone)


def told(images: Iterable[Image], limits: ImageLimits, now_s: float) -> str:
    """How much disk they take, and what the next housekeeping would remove, in one sentence."""
    every = tuple(images)
    parts = [(kind, sum(image.size for image in every if image.kind is kind)) for kind in ImageKind]
    split = ", ".join(f"{kind} {amount(size)}" for kind, size in parts if size)
    total = amount(sum(image.size for image in every))
    going = leaving(every, limits, now_s)
    freed = amount(sum(one.image.size for one in going))
    then = f"{len(going)} of them go at the next housekeeping ({freed})" if going else "none of them is old"
    return f"{total} in {len(every)} images ({split}); {then}" if every else "none yet"


def amount(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 1024**2:.0f} MiB"
