"""Generated from proto/validation.proto by `make generate`; do not edit."""
