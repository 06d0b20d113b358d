"""`make bench`: every benchmark, one after another."""

from tests.bench import models, profile
from tests.bench.data import stream

stream.main()
models.main()
profile.main()
