"""
Trains one peer on splits of one table and prints a line of JSON for each: peers.py PEER ABOUT SPLIT...

A SPLIT is a folder with train.csv and test.csv. Kinds of columns come from ABOUT, the table's JSON file. Words are one-hot
encoded, a missing number is filled with the median, a missing word is a category of its own; HistGradientBoosting takes
ordinals that it knows to be categories, and like xgboost it takes missing numbers as they are. A date becomes its day, month
and weekday, since none of the peers reads dates. MLP and ridge standardise the numbers; the MLPs' targets are standardised
too, because they do not do so themselves and fail on large numbers.
"""
import json
import os
import sys
import time
import warnings

CORES = int(os.environ.get("SUITE_CORES", "2"))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(CORES)

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

LEAST = 1e-15  # the least probability of the true class that the log loss takes


def spread(numbers, words, fill=True, scale=False):
    """One-hot words beside numbers."""
    steps = ([SimpleImputer(strategy="median")] if fill else []) + ([StandardScaler()] if scale else [])
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(*steps) if steps else "passthrough", numbers),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ]
    )


def ordinal(numbers, words):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    return ColumnTransformer([("words", encoder, words), ("numbers", "passthrough", numbers)])


def mlp(classes, numbers, words, **options):
    if classes:
        return make_pipeline(spread(numbers, words, scale=True), MLPClassifier(random_state=0, **options))
    model = make_pipeline(spread(numbers, words, scale=True), MLPRegressor(random_state=0, **options))
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def linear(classes, numbers, words):
    model = LogisticRegression(max_iter=1000) if classes else Ridge()
    return make_pipeline(spread(numbers, words, scale=True), model)


def forest(classes, numbers, words):
    model = RandomForestClassifier if classes else RandomForestRegressor
    return make_pipeline(spread(numbers, words), model(random_state=0, n_jobs=CORES))


def histogram(classes, numbers, words):
    model = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return make_pipeline(
        ordinal(numbers, words), model(random_state=0, categorical_features=range(len(words)) if words else None)
    )


def xgboost(classes, numbers, words):
    from xgboost import XGBClassifier, XGBRegressor

    model = XGBClassifier if classes else XGBRegressor
    return make_pipeline(spread(numbers, words, fill=False), model(random_state=0, n_jobs=CORES))


PEERS = {
    "MLP": mlp,
    "MLP, early stopping": lambda *data: mlp(*data, early_stopping=True),
    "HistGradientBoosting": histogram,
    "random forest": forest,
    "logistic or ridge": linear,
    "xgboost": xgboost,
}


def read(file, about):
    """Reads a table as a user would who knows its columns: words, numbers, and dates as three numbers."""
    types = {name: (float if kind == "number" else str) for name, kind in about["kinds"].items()}
    target_type = {about["target"]: str if about["task"] == "classification" else float}
    frame = pd.read_csv(file, dtype=types | target_type, keep_default_na=False, na_values=[""])
    y = frame.pop(about["target"])
    for name, kind in about["kinds"].items():
        if kind == "date":
            day = pd.to_datetime(frame.pop(name))
            frame[f"{name} day"] = (day - pd.Timestamp("1970-01-01")).dt.days.astype(float)
            frame[f"{name} month"] = day.dt.month.astype(float)
            frame[f"{name} weekday"] = day.dt.weekday.astype(float)
        elif kind == "category":
            frame[name] = frame[name].fillna("(missing)")
    return frame, y.to_numpy()


def score_classes(model, x, y, names):
    probabilities = model.predict_proba(x)
    codes = {name: code for code, name in enumerate(names)}
    right = np.array([codes.get(word, -1) for word in y])
    of_right = np.where(right < 0, 0, probabilities[np.arange(len(y)), right])
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == right)),
        "logLoss": float(-np.mean(np.log(np.clip(of_right.astype(float), LEAST, 1)))),
    }


def score_numbers(model, x, y):
    error = float(np.mean((model.predict(x) - y) ** 2))
    return {"rmse": error**0.5, "r2": float(1 - error / np.var(y))}


def contest(peer, about, folder):
    x, y = read(f"{folder}/train.csv", about)
    test_x, test_y = read(f"{folder}/test.csv", about)
    words = [name for name, kind in about["kinds"].items() if kind == "category"]
    numbers = [name for name in x.columns if name not in words]
    classes = about["task"] == "classification"
    if classes:
        names, y = np.unique(y, return_inverse=True)
    model = PEERS[peer](classes, numbers, words)
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(x, y)
    seconds = {"seconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}
    scores = score_classes(model, test_x, test_y, names) if classes else score_numbers(model, test_x, test_y)
    return scores | seconds


def main(peer, about, folders):
    warnings.filterwarnings("ignore")
    with open(about, encoding="utf-8") as file:
        about = json.load(file)
    for folder in folders:
        try:
            result = contest(peer, about, folder)
        except Exception as error:  # a split that fails is a result too
            result = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({"folder": folder} | result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
