"""What a job printed: its newest lines, kept within bounds, and read by anybody while they come."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from monitor.domain.printed import Printed
from monitor.domain.redaction import Redactor

KEPT_CHARS = 512 * 1024
TAIL_CHARS = 16 * 1024
KEPT_OUTPUTS = 32
FLUSH_S = 0.3
TOLD_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, counted from 1."""

    seq: int
    text: str


class Output:
    """Takes bytes, keeps lines; a reader that falls behind what is kept goes on with the oldest kept line."""

    def __init__(self) -> None:
        self._redactor = Redactor()
        self._printed = Printed()
        self._lines: deque[Line] = deque()
        self._chars = 0
        self._seq = 0
        self._more = asyncio.Event()
        self.ended = False
        self.truncated = False

    def hide(self, redactor: Redactor) -> None:
        """From now on this one takes secrets out."""
        self._redactor = redactor

    def take(self, data: bytes) -> None:
        """Some more was printed."""
        self._add(self._printed.take(data))

    def say(self, text: str) -> None:
        """A line of ours."""
        self._add([text])

    def end(self) -> None:
        """Nothing more comes."""
        self._add(self._printed.end())
        self.ended = True
        self._tell()

    async def flushing(self) -> None:
        """Show unfinished lines (prompts, dots) after a moment, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            self._add(self._printed.end())

    def tail(self) -> str:
        """The end of it as one text; `truncated` says whether that is not all."""
        parts: list[str] = []
        room = TAIL_CHARS
        for line in reversed(self._lines):
            room -= len(line.text) + 1
            if room < 0:
                self.truncated = True
                break
            parts.append(line.text)
        return "\n".join(reversed(parts))

    def since(self, seq: int) -> list[Line]:
        """The next lines after line `seq` that are kept, the oldest first."""
        first = self._lines[0].seq if self._lines else self._seq + 1
        begin = max(0, seq + 1 - first)
        return [self._lines[i] for i in range(begin, min(len(self._lines), begin + TOLD_AT_ONCE))]

    async def follow(self, seq: int = 0) -> AsyncIterator[list[Line]]:
        """What comes after line `seq`, in bunches, until the end."""
        while True:
            more, lines = self._more, self.since(seq)
            if lines:
                seq = lines[-1].seq
                yield lines
            elif self.ended:
                return
            else:
                await more.wait()

    def _add(self, lines: list[str]) -> None:
        for text in lines:
            self._seq += 1
            line = Line(self._seq, self._redactor.line(text))
            self._lines.append(line)
            self._chars += len(line.text) + 1
        while self._chars > KEPT_CHARS:
            self._chars -= len(self._lines.popleft().text) + 1
            self.truncated = True
        if lines:
            self._tell()

    def _tell(self) -> None:
        self._more.set()
        self._more = asyncio.Event()


class Outputs:
    """The outputs of the newest jobs that print something, by the job's id."""

    def __init__(self) -> None:
        self._outputs: OrderedDict[str, Output] = OrderedDict()

    def new(self, job_id: str) -> Output:
        """An empty output; the oldest one that has ended is forgotten for it."""
        self._outputs[job_id] = Output()
        over = [key for key, output in self._outputs.items() if output.ended]
        for key in over[: max(0, len(self._outputs) - KEPT_OUTPUTS)]:
            del self._outputs[key]
        return self._outputs[job_id]

    def get(self, job_id: str) -> Output | None:
        return self._outputs.get(job_id)
