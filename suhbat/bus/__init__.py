"""Messages between the processes of a cluster. Losing a bus costs latency, never a message.

One contract test (tests/bus/test_contract.py) runs over every implementation."""
