"""Several nodes over one PostgreSQL and one NATS: what they promise together, and what they survive."""
