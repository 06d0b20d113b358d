"""proto/validation.proto and the stubs against the facts agreed with the backend: nothing missing, nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from hack.generate_proto import OUT_DIR, PROTO, generate
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.serve import Facade
from tests.unit.operator.facade.conftest import QUICK, options
from tests.unit.operator.facade.fakes import FakeCluster, model, verdict

CONTRACT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("wire_contract.yaml").read_text(encoding="utf-8"))
OURS_FROM = 100
_SCALARS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_BOOL: "bool",
}


def told(field: FieldDescriptor) -> str:
    """A field in the notation of the contract."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        return f"map<{_SCALARS[key.type]},{_SCALARS[value.type]}> {field.name}"
    named = field.message_type or field.enum_type
    kind = named.name if named is not None else _SCALARS[field.type]
    return f"{'repeated ' if field.is_repeated else ''}{kind} {field.name}"


def test_every_message_field_number_and_type_and_no_other() -> None:
    found = {
        name: {field.number: told(field) for field in message.fields}
        for name, message in pb.DESCRIPTOR.message_types_by_name.items()
    }
    assert found == CONTRACT["messages"]


def test_every_enum_value_and_no_other() -> None:
    enums = pb.DESCRIPTOR.enum_types_by_name
    found = {name: {v.name: v.number for v in enum.values} for name, enum in enums.items()}
    assert found == CONTRACT["enums"]


def test_every_service_and_method_and_no_other() -> None:
    found = {
        name: {
            method.name: f"{method.input_type.name} -> {'stream ' * method.server_streaming}{method.output_type.name}"
            for method in service.methods
            if not method.client_streaming
        }
        for name, service in pb.DESCRIPTOR.services_by_name.items()
    }
    assert found == CONTRACT["services"]
    assert pb.DESCRIPTOR.package == CONTRACT["package"]


def test_it_is_proto3_without_explicit_presence() -> None:
    file = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(file)
    assert file.syntax == "proto3"
    assert not [m.name for m in file.message_type if m.oneof_decl]


def test_the_checked_in_stubs_are_those_of_the_proto_file(tmp_path: Path) -> None:
    fresh = {path.name: path.read_text(encoding="utf-8") for path in generate(tmp_path)}
    kept = {p.name: p.read_text(encoding="utf-8") for p in OUT_DIR.iterdir() if p.is_file()}
    assert kept == fresh, "run `make generate`"


def test_every_field_from_100_on_stands_in_the_proto_file_after_those_agreed() -> None:
    numbers = [
        int(line.split("=")[1].split(";")[0])
        for line in PROTO.read_text(encoding="utf-8").splitlines()
        if line.startswith("  ") and "=" in line and ";" in line
    ]
    assert sum(number >= OURS_FROM for number in numbers) == sum(
        number >= OURS_FROM for fields in CONTRACT["messages"].values() for number in fields
    )


# --- a client that never heard of our fields --------------------------------------------------


@pytest.fixture(scope="module")
def old() -> DescriptorPool:
    """The contract as it was before anything was added to it."""
    file = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(file)
    for message in file.message_type:
        agreed = [field for field in message.field if field.number < OURS_FROM]
        del message.field[:]
        message.field.extend(agreed)
    pool = DescriptorPool()
    pool.Add(file)
    return pool


def _call(old: DescriptorPool, channel: grpc.aio.Channel, service: str, method: str) -> tuple[Any, Any]:
    found = old.FindServiceByName(f"validation.{service}").methods_by_name[method]
    opened: Any = channel.unary_stream if found.server_streaming else channel.unary_unary
    call = opened(
        f"/validation.{service}/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(found.output_type).FromString,
    )
    return GetMessageClass(found.input_type), call


async def test_an_old_client_trains_and_reads_its_verdict(old: DescriptorPool) -> None:
    cluster = FakeCluster()
    async with (
        Facade(options(), cluster, QUICK) as replica,
        grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as channel,
    ):
        request, train = _call(old, channel, "ValidationEngine", "TrainCascade")
        message = request(dataset_id="ds", validation_id="old", sample_s3_path="s3://bucket/x")
        message.config.target_architecture = "resonance_nn"
        message.config.vocab_size = 50257
        tier = message.config.tiers.add(tier_number=1, model_size=76_000_000, num_variants=1)
        tier.training_rows = 2_000_000
        stream = train(message)
        assert (await stream.read()).models_total == 1
        assert cluster.run("old")["spec"]["cascade"]["tiers"][0]["gpus"] == 2
        await cluster.tier("old", 1, phase="Complete", results=[model(1, 1)])
        await cluster.status("old", phase="Complete", verdict=verdict())
        seen = []
        while (progress := await stream.read()) is not grpc.aio.EOF:
            seen.append(progress)
        assert [p.result.variant for p in seen if p.HasField("result")] == [1]
        assert seen[-1].progress_percent == 100

        ids, detect = _call(old, channel, "CollapseEngine", "DetectCollapse")
        answer = await asyncio.wait_for(detect(ids(dataset_id="ds", validation_id="old")), 20)
        assert (answer.collapse_detected, answer.collapse_type) == (True, "Type B")
