"""Phase 3: the signature library stands in the contract package, where the facade reaches it too."""

from synthos_api.signatures import prescreen as prescreen
