"""`make bench-data`: all benchmarks of the data engine; GB="1 4 16" for the sizes of the memory test."""

import sys

from tests.bench import profile, sampling
from tests.bench.data import memory, peers, scaling, stream

stream.main()
profile.main()
peers.main()
scaling.main()
sampling.main()
memory.main([float(size) for size in sys.argv[1:]] or [1])
