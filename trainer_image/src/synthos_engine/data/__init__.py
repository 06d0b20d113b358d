"""Datasets in, row text out, artifacts kept."""

from .columns import ROW_COLUMN as ROW_COLUMN
from .loader import DatasetLoader as DatasetLoader
from .metadata import Column as Column
from .metadata import DatasetMetadata as DatasetMetadata
