"""Several nodes over one PostgreSQL and one NATS: the guarantees they give together, and the faults they survive."""
