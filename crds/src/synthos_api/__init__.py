"""The contract between the operator, the facade and the engine: types only, no I/O."""
