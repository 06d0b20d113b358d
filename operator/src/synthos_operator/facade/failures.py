"""Failures of a call itself. Each becomes one gRPC status; everything else travels in `error`.

CallFailed
├── InvalidRequest      INVALID_ARGUMENT
├── Unavailable         UNAVAILABLE
└── OutOfTime           DEADLINE_EXCEEDED
"""

from __future__ import annotations

from typing import ClassVar

import grpc


class CallFailed(Exception):
    """The message reaches the client, so it names fields of the request and nothing of the server."""

    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL


class InvalidRequest(CallFailed):
    status = grpc.StatusCode.INVALID_ARGUMENT


class Unavailable(CallFailed):
    """The Kubernetes API cannot be reached, or this replica is about to end; another try may work."""

    status = grpc.StatusCode.UNAVAILABLE


class OutOfTime(CallFailed):
    status = grpc.StatusCode.DEADLINE_EXCEEDED
