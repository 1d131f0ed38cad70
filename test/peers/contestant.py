"""What the Python contestants share: the command line, random data, and the protocol with run.mjs.

A contestant is started as `NAME.py NETWORK BATCH KEY=VALUE…`. When it has warmed up, it prints one JSON line with
its versions. Then it reads lines with a number of seconds, and answers each with one JSON line,
{"samplesPerSecond": …}. In this way several contestants take turns.

`echo 1 | python3 pytorch.py 784-128-10 64 threads=2` measures one by hand.
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
    """Draws inputs [ROWS, widths[0]] uniformly from [-1, 1), in float32, and classes [ROWS]."""
    generator = numpy.random.default_rng(1)
    x = generator.random((ROWS, widths[0]), dtype=numpy.float32) * 2 - 1
    return x, generator.integers(0, widths[-1], ROWS)


def say(**answer):
    print(json.dumps(answer), flush=True)


def steps_for(seconds, step):
    """Repeats step(), which returns the number of samples it has trained on; returns samples per second."""
    samples = 0
    begin = time.perf_counter()
    while True:
        samples += step()
        passed = time.perf_counter() - begin
        if passed >= seconds:
            return samples / passed


def take_turns(versions, measure):
    """Answers the questions of run.mjs. measure(seconds) returns samples per second."""
    measure(WARM_UP_SECONDS)
    say(versions=versions)
    for line in sys.stdin:
        say(samplesPerSecond=measure(float(line)))
