"""Writes the table in docs/data.md that shows what pandas, DuckDB, Ludwig and gradpool make of tricky columns.

Run `python3 decisions.py` with pandas installed (Debian: apt-get install python3-pandas) and gradpool built. columns.json
holds the columns. DuckDB and gradpool answer through decisions.mjs. Ludwig is not run: its answers follow from its rules in
type_inference.py, base_config.py, strings_utils.py, data_utils.py and the features' cast_column, at the commit LUDWIG.
"""
import csv
import json
import re
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime
from pathlib import Path

import dateutil
import pandas as pd
from dateutil.parser import parse as parse_date

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[3] / "docs" / "data.md"
LUDWIG = "5d19f3e632124e2f92266faca773047aeeeb0da4"
warnings.simplefilter("ignore")  # of mixed types and unknown time zones


def at_rows(values, show):
    values = list(values)
    return [values[row] for row in show]


def by_pandas(path, show):
    try:
        table = pd.read_csv(path)
    except (ValueError, pd.errors.ParserError) as error:
        return {"error": type(error).__name__}
    column = table.iloc[:, 0]
    return {"names": list(table.columns), "type": str(column.dtype), "values": [str(value) for value in at_rows(column, show)]}


TRUE, FALSE = {"yes", "y", "true", "t", "1", "1.0"}, {"no", "n", "false", "f", "0", "0.0", "-1", "-1.0"}


def number(text):
    """Parses a number as Python's float does, which takes nan, inf and 1_000 too; None for other text."""
    try:
        return float(text)
    except ValueError:
        return None


def date(text, default=None):
    """Parses a date with dateutil, which takes missing parts from today; None for numbers and other text."""
    try:
        return parse_date(text, default=default) if number(text) is None else None
    except (ValueError, OverflowError):
        return None


def ludwig_type(column):
    """Decides as Ludwig does, by the first ten different values and their number; its row counts include missing values."""
    different = list(column.dropna().unique())
    first = different[:10]
    numbers = [number(text) for text in first]
    if len(different) <= 1:
        return "category"
    if len(different) == 2 and all(text.lower() in TRUE | FALSE for text in first):
        return "binary"
    if all(date(text) is not None for text in first):
        return "date"
    all_numbers = None not in numbers
    whole = all_numbers and all(value == value and abs(value) < float("inf") and value == int(value) for value in numbers)
    in_sequence = whole and max(numbers) - min(numbers) + 1 == len(numbers)
    if len(different) < 0.5 * len(column) and (not all_numbers or in_sequence):
        return "category"
    return "number" if all_numbers else "text"


def ludwig_value(kind, text):
    """Converts as Ludwig does: by default what is no number becomes 0, and what is no date the moment of training."""
    if kind == "number":
        value = pd.to_numeric(pd.Series([text]), errors="coerce").astype("float32")[0]
        return "0 (filled)" if pd.isna(value) else str(value)
    if kind == "date":
        found = None if pd.isna(text) else date(text)
        if found is None:
            return "now (filled)"
        lacks_day = found.date() != date(text, datetime(1999, 1, 1)).date()
        return f"today {found:%H:%M}" if lacks_day else found.isoformat(" ").removesuffix(" 00:00:00")
    if kind == "binary":
        return str(text.lower() in TRUE) if isinstance(text, str) else "False (filled)"
    return "missing" if pd.isna(text) else text


def by_ludwig(path, show):
    """Answers as Ludwig would: all cells as text, with pandas' words for missing values and the csv module's delimiter."""
    try:
        with open(path, encoding="utf8", newline="") as file:
            delimiter = csv.Sniffer().sniff(file.read(100 * 1024), delimiters=",\t|").delimiter
    except csv.Error:
        delimiter = ","
    except UnicodeDecodeError as error:
        return {"error": type(error).__name__}
    table = pd.read_csv(path, sep=delimiter, dtype=object)
    column = table.iloc[:, 0]
    kind = ludwig_type(column)
    return {"names": list(table.columns), "type": kind, "values": [ludwig_value(kind, text) for text in at_rows(column, show)]}


def code(text):
    text = re.sub(r"\r?\n", "⏎", text).replace("|", "\\|")
    return f"`{text}`" if text.strip() == text and text else f"` {text} `"


def cell(answer, named):
    """Formats an answer for a cell of the table."""
    if "error" in answer:
        return "error: " + answer["error"]
    names = f"{', '.join(code(name) for name in answer['names'])}: " if named else ""
    return f"{names}{answer['type']} {', '.join(code(value) for value in answer['values'])}"


def shown(path, show):
    """Formats the cells of the first column that the answers are about."""
    lines = list(csv.reader(open(path, encoding="utf8", newline="")))
    cells = [line[0] for line in lines[1:]]
    return ", ".join(code(cell) if cell else "(empty)" for cell in at_rows(cells, show))


def row(case):
    path, show = case["path"], case["show"]
    named = case["isFile"]
    cells = "" if named else f": {shown(path, show)}"
    pandas, ludwig = (cell(answer, named) for answer in (by_pandas(path, show), by_ludwig(path, show)))
    return " | ".join([f"| **{case['name']}**{cells}", pandas, case["duckdb"], ludwig, case["gradpool"], f"{case['why']} |"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(["node", HERE / "decisions.mjs", folder], check=True, capture_output=True, text=True)
        found = json.loads(output.stdout)
        rows = [row(case) for case in found["answers"]]
    columns = sum(not case["isFile"] for case in found["answers"])
    section = (
        f"""## Forty columns, four readers

The table shows what pandas, DuckDB, Ludwig and gradpool make of {columns} tricky columns and {len(rows) - columns} tricky files with their default
settings. The first column shows some cells. An answer is a type with the values of these cells, a question (*asks*), or an
error. All cells, six to twenty a column, are listed in [columns.json](../test/data/tables/peers/columns.json).

- pandas {pd.__version__}: `read_csv(path)`.
- DuckDB {found['version'].removeprefix('v')}: `read_csv('path')`, whose sniffer decides on the first 20,480 rows.
- Ludwig: not run; its answers follow from its rules as of commit [{LUDWIG[:7]}](https://github.com/ludwig-ai/ludwig/tree/{LUDWIG}/ludwig/automl) (type inference on the first ten different values,
  `read_csv` with all cells as text; numbers by pandas' `to_numeric`, dates by dateutil {dateutil.__version__}, missing values filled by default).
- gradpool: `gradpool inspect`. A question or an error stops `train`; a flag then answers the question.

| column | pandas | DuckDB | Ludwig | gradpool | why |
|---|---|---|---|---|---|
"""
        + "\n".join(rows)
        + """

Made by `python3 test/data/tables/peers/decisions.py` after `node bin/setup.mjs`; the gradpool column is checked by
`test/data/tables/decisions.test.ts`.
"""
    )
    whole = DOCUMENT.read_text()
    before, rest = whole.split("<!-- decisions -->\n")
    after = rest.split("\n<!-- /decisions -->")[1]
    DOCUMENT.write_text(f"{before}<!-- decisions -->\n{section.strip()}\n<!-- /decisions -->{after}")


sys.exit(main())
