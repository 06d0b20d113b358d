"""Training one model: batches, the loop, checkpoints, evaluation, diagnostics."""
