"""One module for each format; each has `scan` (first look: metadata and schema) and `batches` (the rows)."""
