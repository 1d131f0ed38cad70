"""A plain PyTorch script that trains as `npm start` does: same files, network, batch, optimiser, schedule and epochs.

Call it as pytorch_mnist.py FOLDER EPOCHS threads=N blas=N. It prints a line after the first step, and one with
the test accuracy.
"""
import json
import math
import os
import sys

folder, epochs = sys.argv[1], int(sys.argv[2])
settings = dict(pair.split("=", 1) for pair in sys.argv[3:])
os.environ["OMP_NUM_THREADS"] = settings["threads"]
os.environ["OPENBLAS_NUM_THREADS"] = settings["blas"]

import numpy
import torch
from torch.nn.functional import cross_entropy

torch.set_num_threads(int(settings["threads"]))
torch.manual_seed(1)
BATCH, RATE, DECAY = 128, 0.1, 2e-4


def idx(name):
    with open(os.path.join(folder, name), "rb") as file:
        data = file.read()
    rank = data[3]
    shape = numpy.frombuffer(data, ">u4", rank, 4)
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape).copy())


x = idx("train-images-idx3-ubyte").reshape(-1, 784).float()
y = idx("train-labels-idx1-ubyte").long()
mean, deviation = x.mean(), x.std()
x = (x - mean) / deviation

model = torch.nn.Sequential(
    torch.nn.Linear(784, 256),
    torch.nn.ReLU(),
    torch.nn.Linear(256, 128),
    torch.nn.ReLU(),
    torch.nn.Linear(128, 10),
)
for layer in model[::2]:
    torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    torch.nn.init.zeros_(layer.bias)
groups = [
    {"params": [layer.weight for layer in model[::2]], "weight_decay": DECAY},
    {"params": [layer.bias for layer in model[::2]]},
]
optimizer = torch.optim.SGD(groups, lr=RATE, momentum=0.9, foreach=True)
steps = epochs * math.ceil(len(x) / BATCH)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * step / steps)) / 2)

first = True
for epoch in range(epochs):
    for rows in torch.randperm(len(x)).split(BATCH):
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
        schedule.step()
        if first:
            print(json.dumps({"step": 1}), flush=True)
            first = False

with torch.no_grad():
    test = (idx("t10k-images-idx3-ubyte").reshape(-1, 784).float() - mean) / deviation
    right = model(test).argmax(1) == idx("t10k-labels-idx1-ubyte")
print(json.dumps({"accuracy": right.float().mean().item()}), flush=True)
