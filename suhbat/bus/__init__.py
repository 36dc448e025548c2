"""Between processes. One contract test runs over every bus; losing one costs latency, never a message."""
