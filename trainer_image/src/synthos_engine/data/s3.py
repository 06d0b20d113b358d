"""S3 client from the standard AWS environment, and a seekable read-only file over one object.

Settings come from the variables every AWS tool reads (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE …). With an
endpoint of one's own, buckets go into the path, since such servers rarely answer on
`bucket.host`, and checksums are sent only where the protocol demands them.
"""

from __future__ import annotations

import functools
import io
import os
import time
from typing import TYPE_CHECKING, Final

import boto3
import botocore.exceptions as aws
from botocore.config import Config

from synthos_api.errors import StorageUnavailable

from .location import S3Object
from .storage_errors import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
ATTEMPTS: Final = 4
BLOCK_BYTES: Final = 8 * 1024 * 1024
DEFAULT_REGION: Final = "us-east-1"
_BACK_OFF_SECONDS = 0.5
_BODY_ERRORS = (
    aws.ReadTimeoutError,
    aws.ConnectionClosedError,
    aws.ResponseStreamingError,
    aws.IncompleteReadError,
)


def s3_client() -> S3Client:
    """A client with bounded waits: at most ATTEMPTS tries of each request. One for each environment."""
    environment = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    return _client(environment, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, ATTEMPTS)


@functools.lru_cache(maxsize=4)
def _client(
    environment: tuple[tuple[str, str], ...], connect_timeout: float, read_timeout: float, attempts: int
) -> S3Client:
    settings = dict(environment)
    own_endpoint = bool(settings.get("AWS_ENDPOINT_URL_S3") or settings.get("AWS_ENDPOINT_URL"))
    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path" if own_endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    region = settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return boto3.session.Session().client("s3", region_name=region, config=config)


def list_keys(bucket: str, prefix: str, most: int) -> list[str]:
    """Keys that begin with `prefix`, in order; one more than `most` at most. Errors are SynthosErrors."""
    keys: list[str] = []
    with storage_errors(f"s3://{bucket}/{prefix}"):
        for page in s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys += [found["Key"] for found in page.get("Contents", [])]
            if len(keys) > most:
                return keys[: most + 1]
    return keys


class S3File(io.RawIOBase):
    """One object as a seekable binary file, fetched in ranges of at least BLOCK_BYTES.

    Every range is asked for with the ETag seen at opening, so an object replaced meanwhile is an
    error (StorageUnavailable) and never a mixture of two versions. At most one range is held.
    """

    def __init__(self, client: S3Client, location: S3Object) -> None:
        super().__init__()
        self._client = client
        self._location = location
        with storage_errors(location.text):
            head = client.head_object(Bucket=location.bucket, Key=location.key)
        self.size = int(head["ContentLength"])
        self.version = str(head.get("ETag", ""))
        self._position = 0
        self._block = b""
        self._block_start = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end of the object."""
        wanted = self.size - self._position
        if size is not None and size >= 0:
            wanted = min(size, wanted)
        if wanted <= 0:
            return b""
        start = self._position - self._block_start
        if not 0 <= start <= start + wanted <= len(self._block):
            self._load(wanted)
            start = self._position - self._block_start
        self._position += wanted
        return self._block[start : start + wanted]

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def _load(self, wanted: int) -> None:
        last = min(self.size, self._position + max(wanted, BLOCK_BYTES)) - 1
        self._block = self._get(self._position, last)
        self._block_start = self._position

    def _get(self, first: int, last: int) -> bytes:
        for attempt in range(ATTEMPTS):
            with storage_errors(self._location.text):
                try:
                    answer = self._client.get_object(
                        Bucket=self._location.bucket,
                        Key=self._location.key,
                        Range=f"bytes={first}-{last}",
                        **({"IfMatch": self.version} if self.version else {}),  # type: ignore[arg-type]
                    )
                    content = answer["Body"].read()
                except _BODY_ERRORS:
                    # botocore retries the request, but not a body that broke off half way.
                    if attempt == ATTEMPTS - 1:
                        raise
                else:
                    if len(content) == last - first + 1:
                        return content
            time.sleep(_BACK_OFF_SECONDS * 2**attempt)
        raise StorageUnavailable("the storage keeps sending less than was asked for").at(self._location.text)
