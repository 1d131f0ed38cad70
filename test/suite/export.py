"""
Writes the suite's tables in one form: export.py RAW FOLDER reads the list of tables as JSON from standard input.

Of each table it writes FOLDER/NAME.csv (a header, one line a row, missing cells empty, the target last) and
FOLDER/NAME.json: the kinds of the columns, by all their values, and the targets.
"""
import csv
import io
import json
import random
import re
import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")


def scikit(item, target):
    """Returns header and rows; classes are written by their names, digits as digits."""
    bunch = getattr(datasets, f"load_{item}")(**({"scaled": False} if item == "diabetes" else {}))
    names = [re.sub(r"\W+", "_", str(name)).strip("_") for name in bunch.feature_names]
    words = bunch.target if item in ("digits", "diabetes") else np.array(bunch.target_names)[bunch.target]
    rows = [[repr(float(x)) for x in row] + [str(word)] for row, word in zip(bunch.data, words)]
    return names + [target], rows


def read(raw, table):
    package, item = table["package"], table["item"]
    if package == "python3-sklearn":
        return scikit(item, table["target"])
    header, rows = None, []
    for part in item.split("+"):
        with open(raw / f"{package.removeprefix('r-cran-')}_{part}.csv", encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        assert header is None or header == lines[0], f"{item}: the parts have different columns"
        header = lines[0]
        rows += lines[1:]
    if package == "weka":
        rows = [["" if cell == "?" else cell for cell in row] for row in rows]
    return header, rows


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def kind(cells):
    cells = [cell for cell in cells if cell != ""]
    if all(map(is_number, cells)):
        return "number"
    return "date" if all(map(DATE.match, cells)) else "category"


def tidy(table, header, rows):
    """Puts the target last, drops rows without one, and keeps a sample of a table that is too large."""
    at = header.index(table["target"])
    order = [column for column in range(len(header)) if column != at] + [at]
    rows = [[row[column] for column in order] for row in rows if row[at] != ""]
    if table.get("sample", len(rows)) < len(rows):
        kept = sorted(random.Random(0).sample(range(len(rows)), table["sample"]))
        rows = [rows[row] for row in kept]
    return [header[column] for column in order], rows


def write(folder, table, header, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    assert text.getvalue().count("\n") == len(rows) + 1, f"{table['name']}: a cell holds a line end"
    (folder / f"{table['name']}.csv").write_text(text.getvalue(), encoding="utf-8")
    kinds = {name: kind([row[column] for row in rows]) for column, name in enumerate(header[:-1])}
    targets = [row[-1] for row in rows]
    about = {
        "name": table["name"],
        "task": table["task"],
        "target": table["target"],
        "rows": len(rows),
        "kinds": kinds,
        "missing": sum(cell == "" for row in rows for cell in row),
        "targets": targets if table["task"] == "classification" else list(map(float, targets)),
    }
    (folder / f"{table['name']}.json").write_text(json.dumps(about), encoding="utf-8")


def main(raw, folder):
    for table in json.load(sys.stdin):
        try:
            write(folder, table, *tidy(table, *read(raw, table)))
        except (OSError, ValueError, AssertionError, AttributeError) as error:
            print(f"{table['name']}: not written: {error}", file=sys.stderr)


main(*map(Path, sys.argv[1:]))
