"""`python -m synthos_engine.isolated FORMAT PATH OPTIONS`: the rows of one file on standard output.

OPTIONS is JSON: `name` (sheet or path), `seconds` (time limit), `first` (stop after that many rows).
A refusal is one line of JSON on standard error and exit status 3.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from .protocol import MEMORY_BYTES, REFUSED_STATUS, Refused


def main() -> int:
    file_format, path, options = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What a library prints goes to standard error, never between the rows.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        if file_format == "HDF5":
            from . import hdf5

            hdf5.write_rows(path, out, **json.loads(options))
        else:
            from . import excel

            excel.write_rows(path, out, **json.loads(options))
        out.close()
    except Refused as refused:
        return _refuse(refused)
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        words = f"more than {MEMORY_BYTES // 1024**3} GiB of memory are needed to read it"
        return _refuse(Refused("DatasetTooLarge", words))
    except Exception as error:  # noqa: BLE001 (an edge: these libraries raise anything on a damaged file)
        words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return _refuse(Refused("CorruptData", f"cannot be read ({words})"))
    return 0


def _refuse(refused: Refused) -> int:
    sys.stderr.write("\n" + refused.as_json() + "\n")
    sys.stderr.flush()
    # Without the libraries' clean-up, which may hang as well.
    os._exit(REFUSED_STATUS)


if __name__ == "__main__":
    sys.exit(main())
