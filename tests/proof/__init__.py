"""The proof: every promise of the design and every line of the threats, attacked. `python -m tests.proof`; docs/proof.md."""
