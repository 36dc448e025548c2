"""Identity: names, guests, accounts, passwords, login sessions, tickets, and the address of a client."""
