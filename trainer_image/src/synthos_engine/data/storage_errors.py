"""What the operating system and S3 say, as errors with a code. One home for the mapping."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import botocore.exceptions as aws

from synthos_api.errors import (
    DataError,
    DatasetForbidden,
    DatasetNotFound,
    StorageTimeout,
    StorageUnavailable,
    SynthosError,
)

_NOT_FOUND = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
_FORBIDDEN = {
    "401",
    "403",
    "AccessDenied",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "Unauthorized",
}
_CHANGED = {"412", "PreconditionFailed", "416", "InvalidRange"}
_MISSING_ERRNO = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}
_DENIED_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS}


def from_os_error(error: OSError, place: str) -> SynthosError:
    """The error for a failed call on a local file."""
    reason = error.strerror or type(error).__name__
    if error.errno in _MISSING_ERRNO:
        return DatasetNotFound("does not exist" if error.errno == errno.ENOENT else reason.lower()).at(place)
    if error.errno in _DENIED_ERRNO:
        return DatasetForbidden(f"access refused: {reason.lower()}").at(place)
    if error.errno == errno.EISDIR:
        return DataError("is a directory").at(place)
    return StorageUnavailable(f"the file system failed: {reason.lower()}").at(place)


def from_client_error(error: aws.ClientError, place: str) -> SynthosError:
    """The error for an answer of an S3 server that is not a success."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return DatasetNotFound("the bucket does not exist").at(place)
    if code in _NOT_FOUND or status == 404:
        return DatasetNotFound("does not exist").at(place)
    if code in _FORBIDDEN or status in (401, 403):
        return DatasetForbidden(f"the storage refused access ({code or status})").at(place)
    if code in _CHANGED or status in (412, 416):
        return StorageUnavailable("the object changed while it was read").at(place)
    if status >= 500 or status == 429 or code in ("SlowDown", "RequestTimeout"):
        return StorageUnavailable(f"the storage cannot serve now ({code or status})").at(place)
    return DataError(f"the storage refused the request ({code or status})").at(place)


def from_boto_error(error: aws.BotoCoreError, place: str) -> SynthosError:
    """The error for a call that got no answer, or none in time."""
    if isinstance(error, (aws.ReadTimeoutError, aws.ConnectTimeoutError)):
        return StorageTimeout("the storage did not answer in time").at(place)
    if isinstance(error, (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)):
        return DatasetForbidden("no S3 credentials in the environment (AWS_ACCESS_KEY_ID …)").at(place)
    if isinstance(error, aws.ParamValidationError):
        return DataError("not a valid S3 location").at(place)
    return StorageUnavailable(f"the storage cannot be reached ({type(error).__name__})").at(place)


@contextmanager
def storage_errors(place: str) -> Iterator[None]:
    """Turn every failure of the storage below into a SynthosError that names `place`."""
    try:
        yield
    except SynthosError as error:
        raise error.at(place) from error.__cause__
    except aws.ClientError as error:
        raise from_client_error(error, place) from error
    except aws.BotoCoreError as error:
        raise from_boto_error(error, place) from error
    except OSError as error:
        raise from_os_error(error, place) from error
