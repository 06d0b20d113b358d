"""Entry point of a trainer pod: `python -m synthos_engine.worker`."""
