"""A client for people: `python -m synthos_operator.facade.client --target HOST:PORT … train|result`.

Shows a progress line that renews itself on a terminal, and plain lines elsewhere. Exit status:
0 the call succeeded, 1 it ended in an error, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

import grpc

from synthos_api.errors import CLI_EXIT_ERROR, CLI_EXIT_USAGE

from .pb import validation_pb2 as pb
from .pb import validation_pb2_grpc as pb_grpc

RETRY_SECONDS: Final = (1, 2, 4, 8, 8)
TRY_AGAIN: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
BAR_WIDTH: Final = 30
LINE_SECONDS: Final = 10.0
KEEPALIVE: Final = (("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 10_000))


class CallError(Exception):
    """What a call ended in, in one line."""


def parser() -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(prog="python -m synthos_operator.facade.client", description=__doc__)
    cli.add_argument("--target", required=True, metavar="HOST:PORT")
    security = cli.add_mutually_exclusive_group(required=True)
    security.add_argument("--cert-dir", type=Path, help="folder with ca.crt, client.crt and client.key")
    security.add_argument("--no-mtls", action="store_true", help="plaintext")
    cli.add_argument("--server-name", help="name in the server's certificate, where it is not the target's host")
    commands = cli.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a cascade and watch it; safe to repeat")
    train.add_argument("--dataset-id", required=True)
    train.add_argument("--validation-id", required=True)
    train.add_argument("--sample", required=True, metavar="URI", help="the candidate")
    train.add_argument("--reference", default="", metavar="URI", help="trusted real data")
    train.add_argument("--preset", default="", help="nano or synthos-18 (default)")
    result = commands.add_parser("result", help="wait for the verdict of a validation and print it")
    result.add_argument("--dataset-id", help="default: the validation id, as for runs made with kubectl")
    result.add_argument("--validation-id", required=True)
    result.add_argument("--timeout", type=float, default=3600, help="seconds to wait (default: %(default)s)")
    return cli


def open_channel(target: str, cert_dir: Path | None, server_name: str | None = None) -> grpc.Channel:
    """A channel with mutual TLS from ca.crt, client.crt and client.key in `cert_dir`, else plaintext."""
    options = list(KEEPALIVE)
    if cert_dir is None:
        return grpc.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(cert_dir / "ca.crt").read_bytes(),
        private_key=(cert_dir / "client.key").read_bytes(),
        certificate_chain=(cert_dir / "client.crt").read_bytes(),
    )
    named = [("grpc.ssl_target_name_override", server_name)] if server_name else []
    return grpc.secure_channel(target, credentials, options=[*options, *named])


# --- showing progress -------------------------------------------------------------------------


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_line(message: pb.CascadeProgress) -> str:
    done = round(BAR_WIDTH * message.progress_percent / 100)
    parts = [
        f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] {message.progress_percent:5.1f} %",
        message.state,
        f"models {message.models_completed}/{message.models_total}",
    ]
    if message.current_tier:
        parts.append(f"tier {message.current_tier} model {message.current_variant}")
    if message.current_loss:
        parts.append(f"loss {message.current_loss:.3f} bits/byte")
    if message.eta_seconds:
        parts.append(f"ETA {duration(message.eta_seconds)}")
    if message.cost_usd:
        parts.append(f"${message.cost_usd:.2f}")
    return "  ".join(parts)


def result_line(result: pb.ModelResult) -> str:
    return (
        f"tier {result.tier} model {result.variant}: {result.model_size:,} parameters, "
        f"training loss {result.training_loss:.3f}, validation loss {result.validation_loss:.3f} bits/byte, "
        f"{duration(result.training_time_seconds)}"
    )


class Screen:
    """One line that renews itself on a terminal; elsewhere a line when something changed, or every ten seconds."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._last = ("", 0.0)

    def progress(self, line: str, key: str) -> None:
        """Show `line`; off a terminal only if `key` is new or the last line is old."""
        if self._live:
            self._out.write(f"\r\x1b[K{line}")
        elif key != self._last[0] or time.monotonic() - self._last[1] >= LINE_SECONDS:
            self._out.write(f"{line}\n")
            self._last = (key, time.monotonic())
        self._out.flush()

    def note(self, line: str) -> None:
        self._out.write(f"\r\x1b[K{line}\n" if self._live else f"{line}\n")
        self._out.flush()


# --- commands ---------------------------------------------------------------------------------


def _failed(error: pb.ErrorInfo) -> CallError:
    later = f" (may be tried again in {error.retry_after_seconds} s)" if error.retryable else ""
    return CallError(f"error {error.code}: {error.message}{later}")


def train(channel: grpc.Channel, arguments: argparse.Namespace, screen: Screen) -> None:
    """Follow a cascade to its end, over lost connections. Raises CallError when it ends in an error."""
    stub = pb_grpc.ValidationEngineStub(channel)
    request = pb.CascadeRequest(
        dataset_id=arguments.dataset_id,
        validation_id=arguments.validation_id,
        sample_s3_path=arguments.sample,
        reference_s3_path=arguments.reference,
        config=pb.CascadeConfig(preset=arguments.preset),
    )
    shown: set[tuple[int, int]] = set()
    failures = 0
    while True:
        try:
            for message in stub.TrainCascade(request):
                failures = 0
                if message.HasField("error"):
                    raise _failed(message.error)
                result = message.result
                if message.HasField("result") and (result.tier, result.variant) not in shown:
                    shown.add((result.tier, result.variant))
                    screen.note(result_line(result))
                screen.progress(progress_line(message), f"{message.state} {message.models_completed}")
        except grpc.RpcError as error:
            if error.code() not in TRY_AGAIN or failures == len(RETRY_SECONDS):
                raise
            screen.note(f"connection lost ({error.code().name.lower()}), trying again")
            time.sleep(RETRY_SECONDS[failures])
            failures += 1
        else:
            screen.note("the cascade is over")
            return


class Answers(NamedTuple):
    collapse: pb.CollapseResponse
    predictions: pb.PredictionResponse
    localization: pb.LocalizationResponse
    recommendations: pb.RecommendationResponse


def ask(channel: grpc.Channel, dataset_id: str, validation_id: str, timeout: float) -> Answers:
    """The verdict in full; the first call waits for it. Raises CallError where there is none."""
    ids: dict[str, Any] = {"dataset_id": dataset_id, "validation_id": validation_id}
    engine = pb_grpc.CollapseEngineStub(channel)
    collapse = engine.DetectCollapse(pb.CollapseRequest(**ids), timeout=timeout)
    if collapse.HasField("error"):
        raise _failed(collapse.error)
    return Answers(
        collapse,
        pb_grpc.ValidationEngineStub(channel).GetPredictions(pb.PredictionRequest(**ids), timeout=timeout),
        engine.LocalizeProblems(pb.LocalizationRequest(**ids), timeout=timeout),
        engine.GenerateRecommendations(pb.RecommendationRequest(**ids), timeout=timeout),
    )


def verdict_lines(answers: Answers) -> list[str]:
    collapse, predictions = answers.collapse, answers.predictions
    lines = [f"verdict: {collapse.verdict.upper()}", f"reason: {collapse.reason}"]
    if not predictions.HasField("error"):
        lines.append(f"risk: {predictions.final_risk_score} of 100")
    if collapse.collapse_detected:
        kind = ", ".join(filter(None, (collapse.collapse_type, collapse.severity, collapse.mechanism)))
        lines.append(f"kind: {kind}")
    lines += [
        f"{dimension.dimension}: {dimension.score} ({'passed' if dimension.passed else 'not passed'}, "
        f"threshold {dimension.threshold})"
        for dimension in collapse.dimensions
    ]
    lines += [
        f"rows {region.row_start}-{region.row_end}: {region.issue_type}, impact {region.impact_score:.3f}"
        for region in answers.localization.regions[:10]
    ]
    lines += [answer.error.message for answer in answers[2:] if answer.HasField("error")]
    lines += [f"{advice.priority}. {advice.title}" for advice in answers.recommendations.recommendations]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    screen = Screen(sys.stdout)
    try:
        with open_channel(given.target, given.cert_dir, given.server_name) as channel:
            if given.command == "train":
                train(channel, given, screen)
            else:
                answers = ask(channel, given.dataset_id or given.validation_id, given.validation_id, given.timeout)
                for line in verdict_lines(answers):
                    screen.note(line)
    except OSError as error:
        sys.stderr.write(f"cannot read the certificates: {error}\n")
        return CLI_EXIT_USAGE
    except CallError as error:
        screen.note("")
        sys.stderr.write(f"{error}\n")
        return CLI_EXIT_ERROR
    except grpc.RpcError as error:
        screen.note("")
        sys.stderr.write(f"{error.code().name}: {error.details()}\n")
        return CLI_EXIT_ERROR
    except KeyboardInterrupt:
        screen.note("\nno longer watching; the run goes on, the same command watches it again")
        return CLI_EXIT_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
