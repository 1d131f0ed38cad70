"""scikit-learn's MLPClassifier: threads=N for the BLAS that makes its products.

fit() over many epochs without shuffling is its fastest way, because partial_fit() checks its arguments at every step.
"""
import os
import sys
import warnings

from contestant import ROWS, arguments, random_data, say, take_turns

widths, batch, settings = arguments()
THREADS = settings.get("threads", "1")
# each BLAS counts its threads when it is loaded
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = THREADS

try:
    import numpy
    import sklearn
    from sklearn.neural_network import MLPClassifier
except ImportError as error:
    say(skip=f"{error}; apt-get install python3-sklearn, or pip install scikit-learn")
    sys.exit()

import time

warnings.filterwarnings("ignore")  # that it has not converged
x, y = random_data(numpy, widths)
model = MLPClassifier(
    hidden_layer_sizes=tuple(widths[1:-1]),
    activation="relu",
    solver="sgd",
    alpha=0,
    batch_size=batch,
    learning_rate_init=0.01,
    momentum=0.9,
    nesterovs_momentum=False,
    shuffle=False,
    early_stopping=False,
    tol=0,
    n_iter_no_change=10**9,
    warm_start=True,
    random_state=1,
)
speed = ROWS  # samples per second, until a turn has been measured; its smallest unit is an epoch


def measure(seconds):
    global speed
    # fit() cannot be stopped after a time: the speed of the turn before says how many rows and epochs fit
    rows = int(min(max(seconds * speed, 4 * batch), ROWS)) // batch * batch
    model.set_params(max_iter=max(1, int(seconds * speed / rows)))
    begin = time.perf_counter()
    model.fit(x[:rows], y[:rows])
    speed = rows * model.max_iter / (time.perf_counter() - begin)
    return speed


take_turns({"scikit-learn": sklearn.__version__, "NumPy": numpy.__version__}, measure)
