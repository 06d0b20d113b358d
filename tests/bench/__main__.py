"""`make bench`: every benchmark, one after another."""

from tests.bench import data, models

data.main()
models.main()
