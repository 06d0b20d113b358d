"""`make bench`: every benchmark, one after another."""

from tests.bench import models
from tests.bench.data import stream

stream.main()
models.main()
