"""Who somebody is: names, guests, tickets, and where a connection comes from. Accounts will live here too."""
