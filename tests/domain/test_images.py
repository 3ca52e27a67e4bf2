"""Which images go: by age, by size, and never what is in use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.images import DAY_S, Image, ImageKind, ImageLimits, leaving, told
from monitor.domain.sizes import GIB

NOW = 1000 * DAY_S


def image(name: str, days: float = 0, gib: float = 1, stays: str = "") -> Image:
    return Image(name, name, ImageKind.LAYER, "shop", int(gib * GIB), NOW - days * DAY_S, stays)


def gone(*images: Image, most: float = 100) -> list[str]:
    return [one.image.name for one in leaving(images, ImageLimits(14 * DAY_S, int(most * GIB)), NOW)]


def test_what_was_not_used_for_long_goes() -> None:
    assert gone(image("new", 1), image("old", 15), image("used", 99, stays="in use")) == ["old"]


def test_beyond_the_size_the_longest_unused_go_until_it_fits() -> None:
    assert gone(image("a", 3), image("b", 2), image("c", 1), image("d", 4, stays="in use"), most=2) == ["a", "b"]


def test_every_one_that_goes_says_why() -> None:
    found = leaving([image("old", 15), image("much", 2), image("more", 1)], ImageLimits(14 * DAY_S, GIB), NOW)
    assert [one.sentence for one in found] == [
        "the image old of 'shop', not used for 15 days",
        "the image much of 'shop', the longest unused, while images take more than 1.0 GiB",
    ]


def test_how_much_they_take_in_a_sentence() -> None:
    limits = ImageLimits()
    assert told([], limits, NOW) == "none yet"
    said = told([image("a", 20), image("b", 1, 0.5)], limits, NOW)
    assert said == "1.5 GiB in 2 images (dependencies 1.5 GiB); 1 of them go at the next housekeeping (1.0 GiB)"


IMAGES = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3), st.booleans()), max_size=12)


@given(IMAGES, st.floats(1, 10))
def test_what_is_in_use_stays_and_the_rest_fits_or_is_empty(
    drawn: list[tuple[float, float, bool]], most: float
) -> None:
    images = [image(str(n), days, gib, "in use" if used else "") for n, (days, gib, used) in enumerate(drawn)]
    names = set(gone(*images, most=most))
    left = [one for one in images if one.name not in names]
    assert all(one.name not in names for one in images if one.stays)
    assert sum(one.size for one in left) <= most * GIB or all(one.stays for one in left)
    assert all(one.stays or NOW - one.used_s <= 14 * DAY_S for one in left)
