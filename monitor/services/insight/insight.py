"""Everything that can be asked about one workspace from close, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.services.insight.chronicle import Chronicle
from monitor.services.insight.output import Output
from monitor.services.insight.running import Explaining
from monitor.services.insight.source import Source
from monitor.services.insight.usage import Usage


@dataclass(frozen=True, slots=True)
class Insight:
    """`output` reads the log, `source` the files, `explaining` says what runs, `usage` what it costs."""

    output: Output
    source: Source
    explaining: Explaining
    usage: Usage
    chronicle: Chronicle
