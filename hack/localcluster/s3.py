"""Access to the cluster's S3 server: credentials of this cluster alone, and a helper that makes buckets."""

import json
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

from hack.localcluster.errors import ClusterError
from hack.localcluster.process import write_atomic

REGION = "us-east-1"


@dataclass(frozen=True)
class S3Access:
    """How to reach an S3 server: path-style addressing, signature version 4.

    Attributes:
        endpoint: a URL that works from the host and from pods alike.
    """

    endpoint: str
    access_key: str
    secret_key: str
    region: str = REGION

    def environment(self) -> dict[str, str]:
        """The variables that the AWS libraries read."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


def ensure(path: Path, endpoint: str) -> S3Access:
    """The access data in the file at `path`; credentials are drawn when there are none yet."""
    known = load(path)
    if known is not None and known.endpoint == endpoint:
        return known
    letters = string.ascii_letters + string.digits
    access = S3Access(
        endpoint=endpoint,
        access_key=known.access_key if known else "".join(secrets.choice(letters) for _ in range(20)),
        secret_key=known.secret_key if known else "".join(secrets.choice(letters) for _ in range(40)),
    )
    write_atomic(path, json.dumps(asdict(access), indent=1))
    return access


def load(path: Path) -> S3Access | None:
    """The access data in the file at `path`, None when there are none."""
    try:
        return S3Access(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def make_bucket(access: S3Access, name: str) -> None:
    """Make a bucket; nothing happens when it exists.

    Raises:
        ClusterError: the server refuses, or boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise ClusterError("making a bucket needs boto3: pip install boto3") from error
    client = boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        region_name=access.region,
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, proxies={}),
    )
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise ClusterError(f"bucket {name!r}: {error}") from error
    except BotoCoreError as error:
        raise ClusterError(f"bucket {name!r}: {error}") from error
