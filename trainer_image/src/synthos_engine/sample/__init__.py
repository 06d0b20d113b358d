"""Which rows to take, and what each stands for. Pure: numbers and strata in, row numbers and weights out."""

from .confidence import sampling_confidence as sampling_confidence
from .divisor import allocate as allocate
from .priority import row_priorities as row_priorities
from .selection import Chosen as Chosen
from .selection import select as select
from .strata import Stratification as Stratification
from .strata import stratify as stratify
from .weights import in_own_proportions as in_own_proportions
from .weights import weights_of as weights_of
