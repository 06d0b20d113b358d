"""The stratified sample against a uniform one of equal size, on real data: rare strata, errors of estimates.

    python -m tests.bench.sampling

Ratios of root mean square errors over SEEDS draws, stratified (with its weights) over uniform: below 1
the stratified sample is nearer to the truth.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.collapsebench.sources.packages import rdataset
from hack.demo_data import real_rows
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import profile_dataset
from synthos_engine.profile.extract import draw_sample
from synthos_engine.sample.strata import RARE

SEEDS = 50
ROWS = 2000
RARE_KIND = 0.002
"""Share below which a kind of rows that the sampler was not told of is called rare here."""

Floats = NDArray[np.float64]
Metric = Callable[[Floats], float]
"""From the weight of every row of the dataset (0: not in the sample) to an estimate."""


def diamonds() -> tuple[pa.Table, NDArray[np.int64], dict[str, list[Metric]]]:
    """Prices and shapes of 53,940 diamonds in the order of their package; kinds are cut, colour and clarity."""
    frame = rdataset("ggplot2", "diamonds").drop(columns=["rownames"], errors="ignore")
    numeric = {name: frame[name].to_numpy(float) for name in ("carat", "depth", "table", "price", "x", "y", "z")}
    labels = [frame[name].astype(str).to_numpy() for name in ("cut", "color", "clarity")]
    combined = np.array([" ".join(row) for row in zip(*labels, strict=True)])
    metrics = {
        "means of 7 numeric columns": [_mean(values) for values in numeric.values()],
        "correlations of their 21 pairs": _correlations(list(numeric.values())),
        "shares of 20 labels": [_mean(one == value) for one in labels for value in np.unique(one)],
        "share of stones of 2.5 carat and more": [_mean(numeric["carat"] >= 2.5)],
    }
    return pa.Table.from_pandas(frame, preserve_index=False), np.unique(combined, return_inverse=True)[1], metrics


def rodents() -> tuple[pa.Table, NDArray[np.int64], dict[str, list[Metric]]]:
    """35,549 animals caught in 26 years; of 48 species most are rare. Kinds are species in a plot of land."""
    frame = rdataset("ratdat", "surveys").drop(columns=["rownames", "record_id"], errors="ignore")
    species, weight = frame["species_id"].fillna("").to_numpy(), frame["weight"].to_numpy(float)
    names, counts = np.unique(species, return_counts=True)
    rare = [name for name, count in zip(names, counts, strict=True) if count < RARE * len(frame)]
    weighed = [name for name in rare if np.isfinite(weight[species == name]).sum() >= RARE_KIND * len(frame)]
    year, plot = frame["year"].to_numpy(), frame["plot_id"].to_numpy()
    kinds = np.array([f"{one} {two}" for one, two in zip(species, plot, strict=True)])
    metrics = {
        "mean weight": [_mean(weight, np.isfinite(weight))],
        f"shares of {len(names) - len(rare)} common species": [_mean(species == n) for n in names if n not in rare],
        f"shares of {len(rare)} species below {100 * RARE:g} %": [_mean(species == name) for name in rare],
        f"mean weights of {len(weighed)} of those": [
            _mean(weight, (species == name) & np.isfinite(weight)) for name in weighed
        ],
        "shares of 26 years": [_mean(year == one) for one in np.unique(year)],
    }
    return pa.Table.from_pandas(frame, preserve_index=False), np.unique(kinds, return_inverse=True)[1], metrics


def documentation() -> tuple[pa.Table, NDArray[np.int64], dict[str, list[Metric]]]:
    """Paragraphs of docstrings; no labels, kinds are their lengths in ten characters."""
    rows = real_rows()
    lengths = np.array([len(row) for row in rows], float)
    words = ("array", "graph", "matrix", "plot", "column", "polynomial", "deprecated", "eigenvalues")
    metrics = {
        "mean length": [_mean(lengths)],
        "shares of paragraphs with 8 words": [_mean(np.array([word in row for row in rows])) for word in words],
        "share of paragraphs above 700 characters": [_mean(lengths > 700)],
    }
    return pa.table({"text": rows}), (lengths // 10).astype(np.int64), metrics


def _mean(values: NDArray[np.float64] | NDArray[np.bool_], where: NDArray[np.bool_] | None = None) -> Metric:
    """Of the rows of the sample, or of those `where`; nothing is known of what has no row: 0."""
    if where is None:
        return lambda weights: float(weights @ values / weights.sum())
    known = np.where(where, values, 0.0)
    return lambda weights: float(weights @ known / max(1e-300, float(weights @ where)))


def _correlations(columns: list[Floats]) -> list[Metric]:
    return [_correlation(columns[i], columns[j]) for i in range(len(columns)) for j in range(i)]


def _correlation(one: Floats, two: Floats) -> Metric:
    def estimate(weights: Floats) -> float:
        covariance = np.cov(one, two, aweights=weights)
        return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))

    return estimate


def compare(title: str, table: pa.Table, kinds: NDArray[np.int64], metrics: dict[str, list[Metric]]) -> None:
    total = table.num_rows
    with tempfile.TemporaryDirectory() as folder:
        source, drawn = Path(folder) / "data.parquet", Path(folder) / "sample.parquet"
        pq.write_table(table, source)
        loader, dataset = DatasetLoader(), DatasetRef(uri=str(source))
        profile = profile_dataset(loader, dataset, seed=0)
        # All rows but one: their strata are those of every smaller sample.
        strata = draw_sample(loader, dataset, profile, rows=total - 1, seed=0, path=drawn).table
        weights: dict[str, list[Floats]] = {"stratified": [], "uniform": []}
        covered: dict[str, list[float]] = {"stratified": [], "uniform": []}
        everything = pq.read_table(drawn, columns=["__row__", "__stratum__"])
        stratum = np.full(total, -1)
        stratum[np.asarray(everything["__row__"])] = np.asarray(everything["__stratum__"])
        rare = np.array([row.stratum for row in strata if row.rate > 1])
        for seed in range(SEEDS):
            draw_sample(loader, dataset, profile, rows=ROWS, seed=seed, path=drawn)
            taken = pq.read_table(drawn, columns=["__row__", "__weight__"])
            weights["stratified"].append(_weights(total, taken["__row__"], taken["__weight__"]))
            uniform = np.random.default_rng((seed, 1)).choice(total, ROWS, replace=False)
            weights["uniform"].append(_weights(total, uniform, total / ROWS))
        print(f"{title}: {ROWS:,} of {total:,} rows, {len(strata)} strata, {SEEDS} draws")
        sizes = np.bincount(kinds)
        for words, groups, wanted in (
            (f"{len(rare)} over-represented strata", stratum, rare),
            (f"kinds below {100 * RARE_KIND:g} %", kinds, np.flatnonzero((sizes > 0) & (sizes < RARE_KIND * total))),
        ):
            for name, draws in weights.items():
                covered[name] = [float(np.isin(wanted, groups[one > 0]).mean()) for one in draws]
            ours, theirs = (np.mean(covered[name]) for name in ("stratified", "uniform"))
            print(f"  {words:44} covered {ours:6.1%}, uniform {theirs:6.1%}")
    for words, estimates in metrics.items():
        errors = {name: [_error(one, draws, total) for one in estimates] for name, draws in weights.items()}
        ratios = sorted(a / b for a, b in zip(errors["stratified"], errors["uniform"], strict=True))
        print(f"  error of {words:44} {np.median(ratios):5.2f} x uniform's (from {ratios[0]:.2f} to {ratios[-1]:.2f})")


def _weights(total: int, rows: Any, weights: Any) -> Floats:
    every = np.zeros(total)
    every[np.asarray(rows)] = np.asarray(weights)
    return every


def _error(metric: Metric, draws: list[Floats], total: int) -> float:
    truth = metric(np.ones(total))
    return float(np.sqrt(np.mean([(metric(weights) - truth) ** 2 for weights in draws])))


def main() -> None:
    compare("diamonds", *diamonds())
    compare("rodents", *rodents())
    compare("documentation", *documentation())


if __name__ == "__main__":
    main()
