#!/usr/bin/env python3
"""Recompute every balance, score, rank and cut-off of the portal from its open data alone.

    python3 recompute.py https://the-portal.example        # downloads the open data
    python3 recompute.py FOLDER                            # reads ledger.json, results.json, ...

Plain Python 3.9 or later, no package. Prints what it compared; exit code 1 when anything differs.
The rules are written down in recompute.md; nothing here is taken from the portal's own code.
"""

import json
import sys
import urllib.request
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

FILES = (
    "pots", "ledger", "runs", "criteria", "selections", "results", "score-sheets", "bonuses",
    "reruns", "rerun-sheets", "rerun-bonuses",
)  # fmt: skip

# What one won of each kind of entry does to appropriated, reserved, committed and paid.
MOVES = {
    "appropriate": (1, 0, 0, 0),
    "reduce": (-1, 0, 0, 0),
    "reserve": (0, 1, 0, 0),
    "release": (0, -1, 0, 0),
    "commit": (0, -1, 1, 0),
    "decommit": (0, 0, -1, 0),
    "pay": (0, 0, -1, 1),
    "recover": (0, 0, 0, -1),
}
differences = []
compared = defaultdict(int)


def read(where, name):
    if "://" in where:
        with urllib.request.urlopen(f"{where.rstrip('/')}/open-data/{name}.json") as answer:
            whole = json.load(answer)
    else:
        whole = json.loads((Path(where) / f"{name}.json").read_text(encoding="utf-8"))
    same(f"{name}: rows in the file", len(whole["rows"]), whole["count"])
    return whole["rows"]


def same(what, ours, theirs):
    compared[what.split(":")[0]] += 1
    if ours != theirs:
        differences.append(f"{what}: recomputed {ours}, published {theirs}")


def rounded(value, places):
    """Round a Fraction half up."""
    shifted = value * 10**places
    whole = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    return Decimal(whole).scaleb(-places)


def decimal(text):
    return None if text is None else Decimal(text)


# --- Balances ---------------------------------------------------------------------------------------


def balances(data):
    sums = defaultdict(lambda: [0, 0, 0, 0])
    for entry in data["ledger"]:
        for place, sign in enumerate(MOVES[entry["kind"]]):
            sums[entry["pot"]][place] += sign * entry["amount_won"]
    for pot in data["pots"]:
        appropriated, reserved, committed, paid = sums[pot["code"]]
        for name, ours in (
            ("appropriated", appropriated),
            ("reserved", reserved),
            ("committed", committed),
            ("paid", paid),
            ("available", appropriated - reserved - committed - paid),
        ):
            same(f"balance: {pot['code']} {name}", ours, pot[f"{name}_won"])


# --- Scores -----------------------------------------------------------------------------------------


def sheet_total(criteria, marks):
    """Points of one sheet; what was not applicable counts neither above nor below the line."""
    judged = [row for row in criteria if marks[row["code"]] is not None]
    given = sum(marks[row["code"]] for row in judged)
    if len(judged) == len(criteria):
        return Fraction(given)
    out_of = sum(row["max_points"] for row in judged)
    return Fraction(given * sum(row["max_points"] for row in criteria), out_of)


def score(run, criteria, sheets, bonuses):
    """Return raw, core, bonus, total and whether the floor was reached."""
    if len(sheets) < run["minimum_sheets"]:
        return None, Decimal(0), 0, None, False
    ordered = sorted(
        sheets,
        key=lambda marks: (
            sheet_total(criteria, marks),
            [-1 if marks[row["code"]] is None else marks[row["code"]] for row in criteria],
        ),
    )
    kept = ordered[1:-1] if len(ordered) >= run["trim_from"] else ordered
    places = run["decimals"]
    raw = rounded(sum(sheet_total(criteria, marks) for marks in kept) / len(kept), places)
    core_codes = [row["code"] for row in criteria if row["core"]]
    points = sum(marks[code] for marks in kept for code in core_codes)
    core = rounded(Fraction(points, len(kept)), places)
    passed = raw >= Decimal(run["floor"])
    bonus = min(sum(bonuses), run["bonus_cap"]) if passed else 0
    return raw, core, bonus, raw + bonus, passed


def sheets_of(rows):
    """Return the sheets of each (run, application), each {criterion: points}."""
    found = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        found[row["run"], row["application"]][row["sheet"]][row["criterion"]] = row["points"]
    return defaultdict(list, {key: list(sheets.values()) for key, sheets in found.items()})


def scores(data):
    runs = {row["id"]: row for row in data["runs"]}
    criteria = defaultdict(list)
    for row in sorted(data["criteria"], key=lambda row: row["order"]):
        criteria[row["run"]].append(row)
    sheets = sheets_of(row for row in data["score-sheets"] if not row["withdrawn"])
    bonuses = defaultdict(list)
    for row in data["bonuses"]:
        bonuses[row["run"], row["application"]].append(row["points"])
    for row in data["results"]:
        key = row["run"], row["application"]
        raw, core, bonus, total, passed = score(
            runs[row["run"]], criteria[row["run"]], sheets[key], bonuses[key]
        )
        name = f"score: run {row['run']} application {row['application']}"
        same(f"{name} raw", raw, decimal(row["raw"]))
        same(f"{name} core", core, decimal(row["core"]))
        same(f"{name} bonus", bonus, row["bonus"])
        same(f"{name} total", total, decimal(row["total"]))
        same(f"{name} floor", passed, row["passed_floor"])
        # From here on our own numbers count, not the published ones.
        row["ours"] = (raw, core, total, passed)


# --- Ranks and lines --------------------------------------------------------------------------------


def order(row):
    """The floor first, then whose firm may hold more, then total, raw, core, and who came first."""
    raw, core, total, passed = row["ours"]
    if total is None:
        return (True, row["beyond_limits"], 0, 0, 0, row["received"])
    return (not passed, row["beyond_limits"], -total, -raw, -core, row["received"])


def ranks(data):
    groups = defaultdict(list)
    for row in data["results"]:
        groups[row["selection"]].append(row)
    for selection in data["selections"]:
        ranked = sorted(groups[selection["id"]], key=order)
        for place, row in enumerate(ranked, start=1):
            same(f"rank: selection {row['selection']} {row['application']}", place, row["rank"])
        line(selection, ranked)


def line(selection, ranked):
    """Walk down the ranks until the money or the places end; nobody is jumped over."""
    able = [row for row in ranked if row["ours"][3] and not row["beyond_limits"]]
    spent, count, stopped = 0, 0, "end"
    for row in able:
        if selection["places"] is not None and count >= selection["places"]:
            stopped = "quota"
            break
        if spent + row["amount_won"] > selection["available_won"]:
            stopped = "budget"
            break
        spent, count = spent + row["amount_won"], count + 1
    name = f"line: selection {selection['id']}"
    same(f"{name} selected", count, selection["selected_count"])
    same(f"{name} won", spent, selection["amount_won"])
    same(f"{name} why", stopped, selection["stopped_by"])
    last = able[count - 1]["ours"][2] if count else None
    same(f"{name} total", last, decimal(selection["cut_total"]))
    reserve = selection["reserve_places"]
    for place, row in enumerate(ranked, start=1):
        if not row["ours"][3] or row["beyond_limits"]:
            outcome = "rejected"
        elif place <= count:
            outcome = "selected"
        elif reserve is None or place <= count + reserve:
            outcome = "reserve"
        else:
            outcome = "rejected"
        same(f"outcome: selection {selection['id']} rank {place}", outcome, row["outcome"])
        grant = row["amount_won"] if outcome == "selected" else 0
        same(f"grant: selection {selection['id']} rank {place}", grant, row["grant_won"])


# --- Runs made again after an objection -------------------------------------------------------------


def reruns(data):
    """Score the one case again under the old criteria and put it among the old ranks."""
    runs = {row["id"]: row for row in data["runs"]}
    selections = {row["id"]: row for row in data["selections"]}
    criteria, groups = defaultdict(list), defaultdict(dict)
    for row in sorted(data["criteria"], key=lambda row: row["order"]):
        criteria[row["run"]].append(row)
    for row in data["results"]:
        groups[row["selection"]][row["application"]] = row
    sheets, bonuses = sheets_of(data["rerun-sheets"]), defaultdict(list)
    for row in data["rerun-bonuses"]:
        bonuses[row["run"]].append(row["points"])
    for row in data["reruns"]:
        selection, group = selections[row["selection"]], groups[row["selection"]]
        raw, core, bonus, total, passed = score(
            runs[row["previous"]],
            criteria[row["previous"]],
            sheets[row["run"], row["application"]],
            bonuses[row["run"]],
        )
        name = f"rerun: {row['run']}"
        same(f"{name} raw", raw, decimal(row["raw"]))
        same(f"{name} core", core, decimal(row["core"]))
        same(f"{name} bonus", bonus, row["bonus"])
        same(f"{name} total", total, decimal(row["total"]))
        same(f"{name} floor", passed, row["passed_floor"])
        old = group[row["application"]]
        new = {**old, "beyond_limits": False, "ours": (raw, core, total, passed)}
        others = [one for one in group.values() if one is not old]
        place = sorted([*others, new], key=order).index(new) + 1
        same(f"{name} rank", place, row["rank"])
        outcome = "selected" if place <= selection["selected_count"] else "reserve"
        outcome = outcome if passed else "rejected"
        same(f"{name} outcome", outcome, row["outcome"])
        grant = old["amount_won"] if outcome == "selected" else 0
        same(f"{name} grant", grant, row["grant_won"])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = {name: read(sys.argv[1], name) for name in FILES}
    balances(data)
    scores(data)
    ranks(data)
    reruns(data)
    for what, count in sorted(compared.items()):
        print(f"{what:12} {count:8,} compared")
    for text in differences[:100]:
        print(f"DIFFERENT {text}")
    print(f"{sum(compared.values()):,} numbers compared, {len(differences):,} differ")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
