"""Phase 4, the cascade of one tier, and the judgement of all of them."""
