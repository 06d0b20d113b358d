"""Which rows to take. Pure: row numbers and strata in, row numbers out."""

from .priority import row_priorities as row_priorities
from .stratified import StratifiedSampler as StratifiedSampler
