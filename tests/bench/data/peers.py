"""`profile_dataset` against whylogs and ydata-profiling on the same table.

They need other versions of NumPy and pandas than this project, so they live in an environment of
their own (build/peers, made on first use) and are timed inside a process of it that has imported
them and read the table: only their profiling is timed. Ours is timed with its reading.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import venv
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import Profile, profile_dataset
from tests.bench.data.memory import piece
from tests.bench.measure import seconds

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = ROOT / "build" / "peers"
PACKAGES = ("whylogs>=1.6,<2", "ydata-profiling>=4.12,<5", "pyarrow>=16", "setuptools<81")
PIECES = 2
ROUNDS = 3

_TIMED = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
frame = pd.read_parquet(sys.argv[1])
{setup}
start = time.perf_counter()
{work}
print("seconds", time.perf_counter() - start)
"""
PROGRAMS = {
    "whylogs": _TIMED.format(setup="import whylogs", work="whylogs.log(frame).view().to_pandas()"),
    "ydata": _TIMED.format(
        setup="from ydata_profiling import ProfileReport",
        work="ProfileReport(frame, progress_bar=False).get_description()",
    ),
}


def environment() -> Path:
    """Its interpreter; made where there is none."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / ".installed"
    if not done.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        done.touch()
    return python


def theirs(python: Path, name: str, path: Path) -> float:
    """Seconds; ends the program where the peer fails."""
    done = subprocess.run([python, "-c", PROGRAMS[name], path], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("seconds ")]
    if done.returncode or not lines:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    return float(lines[-1].split()[1])


def profiled(path: Path) -> Profile:
    return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=0)


def main() -> None:
    print("profile against whylogs and ydata-profiling, ten columns (above 1: ours is faster)")
    python = environment()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.parquet"
        table = pa.concat_tables([piece(number) for number in range(PIECES)])
        pq.write_table(table, path)
        ours = partial(profiled, path)
        ours()
        for peer in PROGRAMS:
            pairs = [(seconds(ours), theirs(python, peer, path)) for _ in range(ROUNDS)]
            ratios = sorted(other / mine for mine, other in pairs)
            print(
                f"{peer}, {table.num_rows:,} rows{'':20} {statistics.median(ratios):6.2f} x  (range {ratios[0]:.2f} to "
                f"{ratios[-1]:.2f}; ours {pairs[0][0]:.2f} s, {peer} {pairs[0][1]:.2f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
