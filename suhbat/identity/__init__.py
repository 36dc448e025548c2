"""Who somebody is: names, guests, accounts, passwords, sessions, tickets, and where a connection comes from."""
