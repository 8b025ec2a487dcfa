"""What must be true after the chaos story, each as a list of what is not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.e2e.histories import OPPOSITE, logged, said

LEDGER = 1_000
# The browser's own complaints about a server that is down or hides behind a proxy; not ours.
FOREIGN = ("blocked by CORS policy", "net::ERR_")


def of_the_console(lines: list[str]) -> list[str]:
    return [f"console: {line}" for line in lines if not any(one in line for one in FOREIGN)]


def of_the_storage(kept: dict[str, Any]) -> list[str]:
    """Nothing waits, nothing was refused, the badge is clear, and the server is known to be well."""
    faults = [
        f"the {name} is {kept[name]}"
        for name, wanted in (("queue", []), ("dead", []), ("badge", ""))
        if kept.get(name, wanted) != wanted
    ]
    return faults + [f"the connection is {kept['connection']}"] * (kept["connection"]["health"] != "ok")


def of_the_log(events: list[dict[str, Any]], may: dict[str, set[tuple[str, ...]]]) -> list[str]:
    """Of each paper what was done is logged, in its order, once, and nothing else."""
    there = logged(events)
    return [
        f"{paper}: logged {there.get(paper, ())}, done {sorted(may.get(paper, {()}))}"
        for paper in sorted({*there, *may})
        if there.get(paper, ()) not in may.get(paper, {()})
    ]


def of_the_ids(
    events: list[dict[str, Any]], ledger_lines: list[dict[str, Any]], verdicts: dict[str, Counter[str]]
) -> list[str]:
    """Each id is on the server once, was taken once, and stands in the ledger once, in the same words."""
    ids, ledger = [one["id"] for one in events], [one["event"] for one in ledger_lines]
    there = {one["id"]: said(one) for one in events}
    other = [one for one in ledger if one["id"] in there and said(one) != there[one["id"]]]
    checks = {
        "an id is on the server twice": len(ids) == len(there),
        "the server took an id twice": all(seen["accepted"] <= 1 for seen in verdicts.values()),
        "the server refused something": not any(seen["rejected"] for seen in verdicts.values()),
        "an id is in the ledger twice": len(ledger) == len({one["id"] for one in ledger}),
        "the ledger has not all": len(ledger) == min(LEDGER, len(there)),
        "the ledger has what the server has not": all(one["id"] in there for one in ledger),
        f"the ledger has other words than the server: {other[:2]}": not other,
    }
    return [fault for fault, is_well in checks.items() if not is_well]


def of_what_was_stored(events: list[dict[str, Any]], stored: dict[str, dict[str, Any]], undone: set[str]) -> list[str]:
    """All that ever waited has arrived, but for what was taken back before it was sent."""
    there = {one["id"] for one in events}
    gone = [one for name, one in stored.items() if name not in there]
    lost = [one for one in gone if not (one["paper"] in undone and one["kind"] in OPPOSITE)]
    return [f"what was stored is not there: {one}" for one in lost]
