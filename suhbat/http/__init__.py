"""HTTP: FastAPI routers, one resource a file. No SQL and no rules: they ask the floors below and pass the answer on."""
