"""`make bench`: every benchmark, one after another."""

from tests.bench import models, profile, sampling
from tests.bench.data import stream

stream.main()
profile.main()
sampling.main()
models.main()
