"""
Does what export.R does where there is no R, by python3-rdata: rdata_frames.py LIBRARY FOLDER PACKAGE/ITEM...

A package keeps its data as one .rda for each set, or all of it in one file, Rdata.rdb, with the place of each object in
Rdata.rdx: offset and length of a chunk, which is a length of four bytes, and then zlib's data, or a Z and xz's.
"""
import csv
import datetime
import gzip
import lzma
import math
import sys
import warnings
import zlib
from pathlib import Path

import rdata
from rdata.conversion import DEFAULT_CLASS_MAP, convert
from rdata.parser import parse_data, parse_file


def frame_of(found, _):
    """Takes a data frame as columns by name, which rdata has made of it before."""
    return found


def factor(codes, attributes):
    return [None if code is None or code < 1 else attributes["levels"][int(code) - 1] for code in codes]


def date(days, _):
    start = datetime.date(1970, 1, 1)
    return [None if math.isnan(day) else start + datetime.timedelta(days=int(day)) for day in days]


CLASSES = {**DEFAULT_CLASS_MAP, "data.frame": frame_of, "factor": factor, "ordered": factor, "Date": date}


def parsed(serialized):
    """rdata takes an object only with the first line of an .rda before it."""
    return convert(parse_data(b"RDX3\n" + serialized), CLASSES)


def read(folder, item):
    rda = folder / f"{item}.rda"
    if rda.exists():
        return convert(parse_file(rda), CLASSES)[item]
    places = parsed(gzip.decompress((folder / "Rdata.rdx").read_bytes()))["variables"]
    offset, length = map(int, places[item])
    chunk = (folder / "Rdata.rdb").read_bytes()[offset : offset + length]
    if chunk[4:5] == b"Z":
        raw = lzma.decompress(chunk[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}])
    else:
        raw = zlib.decompress(chunk[4:])
    return parsed(raw)


def cell(value):
    """Writes a value as write.csv does, numbers with 15 digits; R's missing whole number is the least there is."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or value != value or value == -(2**31):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def main(library, folder, names):
    warnings.filterwarnings("ignore")
    for name in names:
        package, item = name.split("/")
        columns = read(Path(library) / package / "data", item)
        with open(Path(folder) / f"{package}_{item}.csv", "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([cell(value) for value in row] for row in zip(*columns.values()))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
