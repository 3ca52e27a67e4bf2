"""Everything that can be asked about what was kept, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.services.past.acting import Acting
from monitor.services.past.comparing import Comparing
from monitor.services.past.exporting import Exporting
from monitor.services.past.reading import Reading
from monitor.services.past.removing import Removing
from monitor.services.past.terms import Terms
from monitor.services.past.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Past:
    """`reading` changes nothing, `acting` adds and names, `removing` takes away; `terms` say what stays how long.

    `timeline`, `comparing` and `exporting` are `reading` for eyes and downloads.
    """

    reading: Reading
    acting: Acting
    removing: Removing
    terms: Terms
    timeline: Timeline
    comparing: Comparing
    exporting: Exporting
