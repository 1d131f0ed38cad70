"""Converts ARFF to CSV, every cell as it is written; a missing one stays `?`, as in ARFF and in Weka's own CSVSaver."""
import csv
import re
import sys

TOKEN = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(,|$)""", re.S)
NAME = re.compile(r"""@attribute\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\S+))""", re.I)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def unescaped(text):
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text, flags=re.S)


def token(found):
    """Returns a name or a cell without its single or double quotes."""
    quoted = found[1] if found[1] is not None else found[2]
    return found[3] if quoted is None else unescaped(quoted)


def cells(line):
    row, at, more = [], 0, True
    while more:
        found = TOKEN.match(line, at)
        row.append(token(found))
        at, more = found.end(), found[4] == ","
    return row


def convert(source, target):
    with open(source, encoding="utf-8") as file, open(target, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        names, in_data = [], False
        for line in map(str.strip, file):
            if line == "" or line.startswith("%"):
                continue
            if in_data:
                row = cells(line)
                assert len(row) == len(names), f"{source}: {len(row)} cells for {len(names)} attributes: {line}"
                writer.writerow(row)
            elif (name := NAME.match(line)) is not None:
                names.append(token(name))
            elif line.lower() == "@data":
                in_data = True
                writer.writerow(names)


convert(*sys.argv[1:])
