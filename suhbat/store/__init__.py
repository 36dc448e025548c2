"""The durable log: the truth that everything else only hints at.

`sqlite.SQLiteStore` implements `chat.ports.Store`. A unit of work is one synchronous function over a SQLAlchemy
`Connection` (`batch`, `queries`, `history`, `guests`) and knows no dialect: SQLite runs it in threads, PostgreSQL will
run it with `run_sync`. What differs between databases is in `dialect.py` alone.
"""
