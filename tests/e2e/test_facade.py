"""The facade on a real cluster, called as a stranger would: by reflection, without generated code."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from hack.deploy import Deployment
from hack.runs import Runs, phase
from synthos_operator.facade.client import open_channel
from tests.e2e.support import small_cascade

HEARTBEAT_SECONDS = 10


class Stranger:
    """Calls methods by name with dictionaries, as grpcurl does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def stream(self, service: str, method: str, body: dict[str, Any]) -> Any:
        descriptor = self.pool.FindServiceByName(service).methods_by_name[method]
        request = json_format.ParseDict(body, GetMessageClass(descriptor.input_type)())
        call: Any = self.channel.unary_stream(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        return call(request, timeout=300)

    def unary(self, service: str, method: str, body: dict[str, Any]) -> dict[str, Any]:
        descriptor = self.pool.FindServiceByName(service).methods_by_name[method]
        request = json_format.ParseDict(body, GetMessageClass(descriptor.input_type)())
        call: Any = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )
        return dict(json_format.MessageToDict(call(request, timeout=240), preserving_proto_field_name=True))


def wire_tiers() -> list[dict[str, Any]]:
    return [
        {
            "tier_number": tier["tier"],
            "model_size": tier["modelSize"],
            "num_variants": 2,
            "training_rows": tier["trainingRows"],
            "gpus": tier["gpus"],
            "batch_size": 16,
        }
        for tier in small_cascade()["tiers"]
    ]


def test_a_stranger_trains_a_cascade_and_asks_for_everything(
    deployment: Deployment, runs: Runs, uris: dict[str, str], name: str
) -> None:
    request = {
        "dataset_id": "ds",
        "validation_id": name,
        "sample_s3_path": uris["healthy"],
        "reference_s3_path": uris["reference"],
        "config": {"tiers": wire_tiers(), "vocab_size": 256},
    }
    with deployment.forward_facade() as target, open_channel(target, deployment.certificates) as channel:
        stranger = Stranger(channel)
        gaps, results, percent = [], [], [0.0]
        last = time.monotonic()
        for message in stranger.stream("validation.ValidationEngine", "TrainCascade", request):
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
            percent.append(message.progress_percent)
            if message.HasField("result"):
                results.append((message.result.tier, message.result.variant))
        assert message.state == "done"
        assert not message.error.code
        assert gaps[0] < HEARTBEAT_SECONDS / 2  # at once
        assert max(gaps) < HEARTBEAT_SECONDS + 2  # at least every ten seconds; two for a machine under load
        assert sorted(results) == [(tier, variant) for tier in (1, 2, 3) for variant in (1, 2)]
        assert percent == sorted(percent)

        again = list(stranger.stream("validation.ValidationEngine", "TrainCascade", request))
        assert sorted((m.result.tier, m.result.variant) for m in again if m.HasField("result")) == sorted(results)

        ids = {"dataset_id": "ds", "validation_id": name}
        collapse = stranger.unary("validation.CollapseEngine", "DetectCollapse", ids)
        verdict = runs.get(name)["status"]["verdict"]
        assert collapse["verdict"] == verdict["verdict"]
        assert collapse["reason"] == verdict["judgement"]["reason"]
        predictions = stranger.unary("validation.ValidationEngine", "GetPredictions", ids)
        assert predictions["validation_id"] == name
        assert "error" not in predictions
        for method in ("LocalizeProblems", "GenerateRecommendations"):
            answer = stranger.unary("validation.CollapseEngine", method, ids)
            assert answer["validation_id"] == name
            # Not computed by this version; only where something collapsed is that worth an error.
            assert answer.get("error", {}).get("code") == (1000 if collapse["verdict"] == "collapse" else None)
    assert phase(runs.get(name)) == "Complete"


def test_a_stranger_profiles_a_dataset_and_prescreens_it(deployment: Deployment, uris: dict[str, str]) -> None:
    with deployment.forward_facade() as target, open_channel(target, deployment.certificates) as channel:
        stranger = Stranger(channel)
        dataset = {"dataset_id": "stranger", "s3_path": uris["healthy"]}
        diversity = stranger.unary("validation.ValidationEngine", "AnalyzeDiversity", dataset)
        assert diversity["metrics"]["cluster_count"] >= 1
        assert diversity["sample_s3_path"].startswith("s3://")
        assert "error" not in diversity
        screened = stranger.unary("validation.ValidationEngine", "PreScreenRisk", {"dataset_id": "stranger"})
        assert screened["should_proceed"] is True


def test_without_a_client_certificate_nobody_gets_in(deployment: Deployment) -> None:
    authority = (deployment.certificates / "ca.crt").read_bytes()
    credentials = grpc.ssl_channel_credentials(authority)
    with (
        deployment.forward_facade() as target,
        grpc.secure_channel(target, credentials) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        Stranger(channel).unary("validation.ValidationEngine", "PreScreenRisk", {"dataset_id": "x"})
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
