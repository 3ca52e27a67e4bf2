"""`keep:` in `slipway.yaml`: how long what was kept of a workspace stays, and when a snapshot of it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from monitor.domain.data_terms import every, size
from monitor.domain.retention_policy import span_of
from monitor.domain.schedule import Schedule, check

OFF = "off"


def schedule_of(text: str) -> Schedule | None:
    """`0 3 * * *`, `@daily` or `0 3 * * * Europe/Berlin` (UTC where no zone is named); None for `off` and "".

    Raises `ValueError`, whose text completes a sentence.
    """
    words = text.split()
    if not words or words == [OFF]:
        return None
    length = 1 if words[0].startswith("@") else 5
    zone = words[length:] or ["UTC"]
    return check(Schedule(" ".join(words[:length]), " ".join(zone)))


def _schedule(text: str) -> str:
    schedule_of(text)
    return " ".join(text.split())


def _span(rule: str) -> Callable[[object], object]:
    return lambda value: value if value is None else span_of(rule, value)


def _text_span(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("must be a span of time such as `30d`")
    return value if value is None else span_of("all", value)


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    """The text itself, if `read` takes it."""

    def check_text(text: str) -> str:
        read(text)
        return text

    return check_text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Retention(_Table):
    """The rules that differ from the install's own; a bare number counts the rule's own unit."""

    all: Annotated[int | None, BeforeValidator(_span("all"))] = None
    hourly: Annotated[int | None, BeforeValidator(_span("hourly"))] = None
    daily: Annotated[int | None, BeforeValidator(_span("daily"))] = None
    weekly: Annotated[int | None, BeforeValidator(_span("weekly"))] = None
    monthly: Annotated[int | None, BeforeValidator(_span("monthly"))] = None
    yearly: Annotated[int | None, BeforeValidator(_span("yearly"))] = None
    safety: Annotated[int | None, BeforeValidator(_span("safety"))] = None
    ttl: Annotated[int | None, BeforeValidator(_text_span)] = None
    max_count: Annotated[int, Field(ge=1)] | None = None
    max_bytes: Annotated[int, Field(ge=1)] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """Only what was said."""
        return self.model_dump(exclude_none=True)


class Keep(_Table):
    """`snapshots` is a cron expression, perhaps with a zone behind it, or `off`; `data` how often the data volume is
    kept while its app runs, or `off`; `data_limit` how large it may be to be kept."""

    snapshots: Annotated[str, Field(max_length=200), AfterValidator(_schedule)] | None = None
    data: Annotated[str, Field(max_length=20), AfterValidator(_checked(every))] | None = None
    data_limit: Annotated[str, Field(max_length=20), AfterValidator(_checked(size))] | None = None
    retention: Retention = Retention()
