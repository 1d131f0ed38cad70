"""Compares how gradpool and pandas read real tables, value by value: npm run compare:tables -- --help."""
import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
TEN = """weka_labor weka_soybean weka_credit-g weka_ReutersCorn-train mlbench_Vehicle mlbench_Ozone mlbench_Zoo
modeldata_ames modeldata_Chicago modeldata_pd_speech""".split()

# find() verifies cell by cell that a difference is what the name of its kind says; any other kind is not
# explained.
EXPLAINED = {
    '"?" is missing': "ARFF writes ? where a value is missing; pandas keeps it as a word unless na_values names it",
    '"None" is missing': "a word for a missing value here, as in pandas 2; pandas 1.5 keeps it",
    "numbers beside ?": "a column of numbers and ? is numbers with gaps here, text in pandas",
    "nothing but ?": "a column without a value is numbers, all missing, here; text in pandas",
    "yes and no": "two words that say yes and no are a boolean here, text in pandas; the words are the same",
    "dates": "dates here; text in pandas unless parse_dates names the column; the days are the same",
    "last bit": "pandas' default parser may miss the nearest double; with float_precision='round_trip' every value is ours",
}
OURS_MISSING = {"?", "None"}
PAIRS = [{"yes", "no"}, {"y", "n"}]


def find(ours, usual, exact, text):
    """
    Kinds of difference in one column, each with its number of cells. `ours` is a line of ours.mjs; pandas' series of the same
    cells are `usual` (read_csv's defaults), `exact` (float_precision='round_trip') and `text` (as they are written).
    """
    kinds = defaultdict(int)
    mine, theirs = ours["type"], type_of(usual)
    absent = np.array([value is None for value in ours["values"]])
    if len(absent) != len(usual):
        return {f"{len(absent)} rows here, {len(usual)} in pandas": 1}
    for word in text[absent & ~usual.isna()]:
        kinds[f'"{word}" is missing'] += 1
    for word in text[~absent & usual.isna()]:
        kinds[f'"{word}" is missing only in pandas'] += 1
    both = ~absent & ~usual.isna()
    values = pd.Series(ours["values"], dtype=object)[both]
    if mine == theirs == "number":
        values = values.astype(float)
        wrong = values != exact[both]
        kinds["numbers differ"] += wrong.sum()
        kinds["last bit"] += (~wrong & (values != usual[both])).sum()
    elif mine == theirs == "text":
        kinds["words differ"] += (values != usual[both]).sum()
    elif mine == theirs == "boolean":
        kinds["truths differ"] += (values.str.lower() != usual[both].astype(str).str.lower()).sum()
    elif (mine, theirs) == ("boolean", "text"):
        kinds["yes and no" if set(values.str.lower()) in PAIRS else "boolean of other words"] += len(values)
        kinds["words differ"] += (values != usual[both]).sum()
    elif (mine, theirs) == ("date", "text"):
        days = (pd.to_datetime(usual[both]) - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        kinds["dates"] += len(values)
        kinds["days differ"] += (values.astype(float) != days).sum()
    elif (mine, theirs) == ("number", "text") and set(text[absent]) & OURS_MISSING:
        kinds["nothing but ?" if absent.all() else "numbers beside ?"] += 1
        kinds["numbers differ"] += (values.astype(float) != text[both].astype(float)).sum()
    else:
        kinds[f"{mine} here, {theirs} in pandas"] += 1
    return {kind: int(count) for kind, count in kinds.items() if count > 0}


def type_of(series):
    """Returns pandas' type in gradpool's words. Booleans with gaps have the type object in pandas."""
    if series.dtype.kind in "iuf":
        return "number"
    return "boolean" if set(map(type, series.dropna())) == {bool} else "text"


def spoiled(ours):
    """Returns the column with one value changed as little as possible; None if it has no value."""
    at = next((at for at, value in enumerate(ours["values"]) if value is not None), None)
    if at is None:
        return None
    values = list(ours["values"])
    values[at] = values[at] + "x" if isinstance(values[at], str) else float(np.nextafter(values[at], np.inf))
    return {**ours, "values": values}


def read_ours(file):
    run = subprocess.run(["node", HERE / "ours.mjs", file], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{file}: gradpool does not read it\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def compare(file):
    """Returns the lines of the summary, and the kinds of difference that are not explained."""
    ours = read_ours(file)
    usual = pd.read_csv(file, low_memory=False)
    exact = pd.read_csv(file, low_memory=False, float_precision="round_trip")
    text = pd.read_csv(file, dtype=str, keep_default_na=False)
    kinds = defaultdict(list)
    names = [column["name"] for column in ours]
    if names != list(usual.columns):
        kinds["names differ"] = [("all", 1)]
    equal = 0
    for at, column in enumerate(ours):
        sides = [frame.iloc[:, at] for frame in (usual, exact, text)]
        found = find(column, *sides)
        equal += not found
        for kind, count in found.items():
            kinds[kind].append((column["name"], count))
        changed = spoiled(column)
        if changed is not None and set(find(changed, *sides)) <= EXPLAINED.keys():
            kinds["a changed value went unnoticed"].append((column["name"], 1))
    lines = [f"{file.stem}: {usual.shape[0]} x {usual.shape[1]}, {equal} columns equal"]
    for kind, columns in sorted(kinds.items()):
        cells = sum(count for _, count in columns)
        shown = ", ".join(name for name, _ in columns[:4]) + (", ..." if len(columns) > 4 else "")
        lines.append(f"  {kind}: {cells} in {len(columns)} columns ({shown})")
    return lines, [kind for kind in kinds if kind not in EXPLAINED]


def main():
    parser = argparse.ArgumentParser(prog="npm run compare:tables --", description=__doc__)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gradpool-tables"
    parser.add_argument("folder", nargs="?", type=Path, default=cache, help=f"where the tables lie or are put ({cache})")
    parser.add_argument("--all", action="store_true", help="every table of the three packages, not only ten")
    parser.add_argument("--write", action="store_true", help="write test/tables/expected.txt from the ten")
    args = parser.parse_args()
    if not (args.folder / "complete").exists():
        subprocess.run([HERE / "fetch.sh", args.folder], check=True)
    files = [args.folder / "csv" / f"{name}.csv" for name in TEN]
    lines, unexplained = [], []
    for file in sorted((args.folder / "csv").glob("*.csv")) if args.all else files:
        said, kinds = compare(file)
        print("\n".join(said), flush=True)
        lines += said
        unexplained += [f"{file.stem}: {kind}" for kind in kinds]
    for kind, reason in EXPLAINED.items():
        print(f"{kind}: {reason}")
    print(f"pandas {pd.__version__}; {(args.folder / 'versions.txt').read_text().strip()}".replace("\n", "; "))
    if unexplained:
        sys.exit("not explained:\n" + "\n".join(unexplained))
    expected = HERE / "expected.txt"
    if args.write:
        expected.write_text("\n".join(lines) + "\n")
    elif not args.all and expected.read_text() != "\n".join(lines) + "\n":
        sys.exit(f"explained, but not what {expected} has; see what changed, then --write")


main()
