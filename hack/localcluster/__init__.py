"""A real single-node Kubernetes on this machine, without a container engine.

`api` is the importable entrance (used by the test fixtures), `cli` the command
(`python -m hack.localcluster`). `docs/local-cluster.md` explains both.
"""
