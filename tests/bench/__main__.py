"""`make bench`: every benchmark, one after another."""

from tests.bench import data, models, sampling

data.main()
models.main()
sampling.main()
