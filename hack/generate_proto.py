"""Write the Python stubs of proto/validation.proto (messages, services, type stubs)."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto" / "validation.proto"
OUT_DIR = ROOT / "operator" / "src" / "synthos_operator" / "facade" / "pb"
INIT = '"""Generated from proto/validation.proto by `make generate`; do not edit."""\n'

# protoc writes `import validation_pb2`, which only works with the folder on sys.path.
_ABSOLUTE_IMPORT = re.compile(r"^import validation_pb2 as", flags=re.MULTILINE)


def generate(out_dir: Path = OUT_DIR) -> list[Path]:
    """Run protoc into `out_dir` and return the files written. Raises RuntimeError when protoc fails."""
    out_dir.mkdir(parents=True, exist_ok=True)
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        status = protoc.main(
            [
                "protoc",
                f"-I{PROTO.parent}",
                f"-I{well_known}",
                f"--python_out={scratch}",
                f"--pyi_out={scratch}",
                f"--grpc_python_out={scratch}",
                PROTO.name,
            ]
        )
        if status != 0:
            raise RuntimeError(f"protoc ended with status {status}")
        written = [out_dir / "__init__.py"]
        written[0].write_text(INIT, encoding="utf-8")
        for made in sorted(Path(scratch).iterdir()):
            text = made.read_text(encoding="utf-8")
            target = out_dir / made.name
            target.write_text(_ABSOLUTE_IMPORT.sub("from . import validation_pb2 as", text), encoding="utf-8")
            written.append(target)
    return written


if __name__ == "__main__":
    for path in generate(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT_DIR):
        print(path)
