"""What the Python contestants have in common: the command line, random data, and the protocol with run.mjs.

A contestant is started as `NAME.py NETWORK BATCH KEY=VALUE…`. It prints one JSON line of versions when it has warmed up,
then reads a number of seconds per line and answers each with one JSON line, {"samplesPerSecond": …}; so that several
contestants can take turns within one run. `echo 1 | python3 pytorch.py 784-128-10 64 threads=2` measures one by hand.
"""
import json
import sys
import time

ROWS = 16384
WARM_UP_SECONDS = 3


def arguments():
    widths = [int(width) for width in sys.argv[1].split("-")]
    settings = dict(pair.split("=", 1) for pair in sys.argv[3:])
    return widths, int(sys.argv[2]), settings


def random_data(numpy, widths):
    """Inputs [ROWS, widths[0]] uniform in [-1, 1), float32, and classes [ROWS]."""
    generator = numpy.random.default_rng(1)
    x = generator.random((ROWS, widths[0]), dtype=numpy.float32) * 2 - 1
    return x, generator.integers(0, widths[-1], ROWS)


def say(**answer):
    print(json.dumps(answer), flush=True)


def steps_for(seconds, step):
    """Samples per second of step(), which returns the samples it has trained on, called again and again."""
    samples = 0
    begin = time.perf_counter()
    while True:
        samples += step()
        passed = time.perf_counter() - begin
        if passed >= seconds:
            return samples / passed


def take_turns(versions, measure):
    """measure(seconds) returns samples per second."""
    measure(WARM_UP_SECONDS)
    say(versions=versions)
    for line in sys.stdin:
        say(samplesPerSecond=measure(float(line)))
