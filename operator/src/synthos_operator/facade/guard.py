"""The interceptor around every call: who may call, how many at once, and the only broad catch.

A handler raises CallFailed for a failure of the call itself; whatever else escapes is a defect of
ours, logged in full and told to the caller as INTERNAL with nothing in it.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple, NoReturn, TypeAlias

import grpc

from .failures import CallFailed

log = logging.getLogger(__name__)

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
OPEN_TO_ALL = "/grpc.health.v1.Health/"
"""Health may be asked by any client that passed the handshake, at any load."""


class Admission(NamedTuple):
    max_streams: int = 256
    max_calls: int = 1024
    allowed_names: frozenset[str] = frozenset()
    """Common names or DNS/URI alternative names of client certificates; empty: any the CA signed."""


class Guard(grpc.aio.ServerInterceptor):
    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._streams = 0
        self._calls = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        # Any: the stubs know RpcMethodHandler with synchronous behaviours only.
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(OPEN_TO_ALL):
            return handler
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(
                self._guard_unary(method, handler.unary_unary),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(
                self._guard_stream(method, handler.unary_stream),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.stream_stream:  # reflection is the only one
            return grpc.stream_stream_rpc_method_handler(
                self._guard_stream(method, handler.stream_stream),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return handler

    def _guard_unary(self, method: str, behavior: Callable[[Any, Context], Awaitable[Any]]) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> Any:
            await self._admit(context)
            with self._counted(stream=False) as free, _logged(method):
                if not free:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls at once; try again later")
                try:
                    return await behavior(request, context)
                except Exception as error:  # noqa: BLE001 - the edge of the process
                    await _abort(method, context, error)

        return call

    def _guard_stream(self, method: str, behavior: Callable[[Any, Context], AsyncGenerator[Any]]) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            await self._admit(context)
            with self._counted(stream=True) as free, _logged(method):
                if not free:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many streams; try again later")
                try:
                    async with contextlib.aclosing(behavior(request, context)) as messages:
                        async for message in messages:
                            yield message
                except Exception as error:  # noqa: BLE001 - the edge of the process
                    await _abort(method, context, error)

        return call

    async def _admit(self, context: Context) -> None:
        allowed = self._admission.allowed_names
        if allowed and not allowed & _peer_names(context):
            log.warning("client name refused", extra={"peer": context.peer()})
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the client certificate's name is not allowed here")

    @contextlib.contextmanager
    def _counted(self, *, stream: bool) -> Iterator[bool]:
        """Count this call in; False when there is no room for it."""
        if stream:
            self._streams += 1
        else:
            self._calls += 1
        try:
            yield self._streams <= self._admission.max_streams and self._calls <= self._admission.max_calls
        finally:
            if stream:
                self._streams -= 1
            else:
                self._calls -= 1


def _peer_names(context: Context) -> set[str]:
    identity = context.auth_context()
    raw = [*identity.get("x509_common_name", ()), *identity.get("x509_subject_alternative_name", ())]
    return {name.decode(errors="replace") for name in raw}


@contextlib.contextmanager
def _logged(method: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        log.info("call ended", extra={"method": method, "seconds": round(time.monotonic() - started, 3)})


async def _abort(method: str, context: Context, error: Exception) -> NoReturn:
    # abort() itself raises an exception of grpc's, which must pass through untouched.
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, CallFailed):
        log.info("call failed", extra={"method": method, "status": error.status.name, "reason": str(error)})
        await context.abort(error.status, str(error))
    log.error("unexpected failure", extra={"method": method}, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "internal error")
    raise AssertionError("abort() always raises")
