"""What a backup did, for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.cli.talk import amount, columns, out, out_json, say
from monitor.errors import Incomplete


def told(result: dict[str, Any], as_json: bool, show: Callable[[dict[str, Any]], None]) -> int:
    if as_json:
        out_json(result)
    else:
        show(result)
    for problem in result["problems"]:
        say(f"! {problem}")
    wrong = result["problems"] or not result.get("sound", True)
    return Incomplete.exit_code if wrong else 0


def show_run(result: dict[str, Any]) -> None:
    verb = "would be" if result["dry_run"] else "were"
    if "items" in result:
        rows = [(i["workspace"], i["revision"] or "-", _what(i)) for i in result["items"]]
        columns(rows, ("workspace", "revision", "what"))
        return
    copied = ", ".join(f"{count} {part}" for part, count in result["copied"].items() if count)
    where = result["destination"]
    out(f"{copied} {verb} copied to {where} ({amount(result['bytes'])})" if copied else f"nothing new for {where}")
    if result["removed"]:
        out(f"{result['removed']} objects {verb} removed there")
    if result["waiting"]:
        out(f"{result['waiting']} objects are gone from the primary and wait there until they may be removed")
    for name, why in result["held"].items():
        say(f"! {name}: removals wait for you: {why}. `slipway backup confirm {result['destination']}`")
    for one in result.get("restored", ()):
        if not one["error"]:
            out(f"{one['workspace']} is back, as of revision {one['revision']}")


def _what(item: dict[str, Any]) -> str:
    return str(item["error"] or item["waiting"] or (_news(item)))


def _news(item: dict[str, Any]) -> str:
    if "changed" in item and (item["changed"] or item["removed"]):
        return f"{item['changed']} changed, {item['removed']} removed"
    return f"new, {item['files']} files" if item["new"] else "as it was"


def show_verified(result: dict[str, Any]) -> None:
    out(f"{result['objects']} objects ({amount(result['bytes'])}) at {result['destination']} are right")
    for one in result["damaged"]:
        end = "mended" if one["repaired"] else "NOT mended"
        out(f"damaged, {end}: {one['key']} ({one['what']})")


def remarks(one: dict[str, Any]) -> list[str]:
    said = [f"{one['error']} {one['hint']}".strip()] if one["error"] else []
    said += list(one["notes"])
    said += [f"removals of {name} wait for you: {why}" for name, why in one["held"].items()]
    if one["damaged"]:
        said.append(f"{one['damaged']} damaged objects: `slipway backup verify {one['name']}`")
    if one["same_disk"]:
        said.append("it is on this machine: it does not protect against losing its disk")
    return said
