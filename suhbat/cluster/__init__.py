"""Several nodes over one store: who else runs, and what they changed."""
