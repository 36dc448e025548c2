"""The proof: attacks on every promise of the design and every item of the threats. `python -m tests.proof`; see
docs/proof.md."""
