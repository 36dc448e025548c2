"""Every endpoint and every command, requested by every role: owner, moderator, member, a moderator who joined later,
removed member, stranger, guest, nobody.

The lists of endpoints and commands are those of the application, so a new one that is not in the tables here fails the tests.
"""
