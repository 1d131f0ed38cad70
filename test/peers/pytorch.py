"""PyTorch, eager: threads=N blas=N for one process, ranks=N for DistributedDataParallel over gloo, one thread a rank.

`threads` are OpenMP's, for all operations but the float32 products. `blas` are the threads of these products,
where a BLAS such as Debian's OpenBLAS has threads of its own; both together may be far slower than either.
precision=bf16 turns on the CPU's autocast, and optimizer=adam takes Adam instead of SGD with momentum.
"""
import os
import socket
import subprocess
import sys

from contestant import ROWS, arguments, random_data, say, steps_for, take_turns

widths, batch, settings = arguments()
RANKS = int(settings.get("ranks", 0))
RANK = int(os.environ.get("RANK", 0))
THREADS = 1 if RANKS else int(settings.get("threads", 1))
# OpenMP and OpenBLAS count their threads when they are loaded
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["OPENBLAS_NUM_THREADS"] = "1" if RANKS else settings.get("blas", "1")

try:
    import numpy
    import torch
except ImportError as error:
    say(skip=f"{error}; apt-get install python3-torch, or pip install torch")
    sys.exit()

torch.set_num_threads(THREADS)
torch.manual_seed(1)


def build():
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def trainer(model, rows):
    """Returns step(), which trains on `rows` rows of this rank; the batches are views of data already in memory."""
    x, y = (torch.from_numpy(array) for array in random_data(numpy, widths))
    x, y = x[: len(x) - len(x) % rows].split(rows), y[: len(y) - len(y) % rows].split(rows)
    if settings.get("optimizer") == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=True)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, foreach=True)
    bf16 = settings.get("precision") == "bf16"
    at = 0

    def step():
        nonlocal at
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = torch.nn.functional.cross_entropy(model(x[at]), y[at])
        loss.backward()
        optimizer.step()
        at = (at + 1) % len(x)
        return rows

    return step


def alone():
    step = trainer(build(), batch)
    return lambda seconds: steps_for(seconds, step)


def as_a_rank():
    """Makes the same number of steps on every rank: rank 0 derives it from the speed of the turn before."""
    import time

    import torch.distributed as distributed

    distributed.init_process_group("gloo")
    model = torch.nn.parallel.DistributedDataParallel(build(), gradient_as_bucket_view=True)
    step = trainer(model, batch // RANKS)
    speed = 10 * batch  # samples per second, until a turn has been measured

    def turn(seconds):
        nonlocal speed
        count = torch.tensor([max(10, int(seconds * speed / batch))])
        distributed.broadcast(count, 0)
        begin = time.perf_counter()
        samples = RANKS * sum(step() for _ in range(int(count)))
        distributed.barrier()
        speed = samples / (time.perf_counter() - begin)
        return speed

    def measure(seconds):
        turn(seconds / 10)
        return turn(seconds)

    if RANK == 0:
        return measure
    while True:  # until rank 0 ends this process
        turn(0)


def start_ranks():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(RANKS)}
    os.environ.update(world, RANK="0")
    command = [sys.executable, *sys.argv]
    return [
        subprocess.Popen(command, env={**os.environ, "RANK": str(rank)}, stdin=subprocess.DEVNULL)
        for rank in range(1, RANKS)
    ]


others = start_ranks() if RANKS and "RANK" not in os.environ else []
versions = {"PyTorch": torch.__version__, "Python": sys.version.split()[0]}
try:
    take_turns(versions, as_a_rank() if RANKS else alone())
finally:
    for other in others:
        other.terminate()
