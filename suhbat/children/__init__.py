"""Child processes that run a module of ours beside the chat: how they are started, and what each does first."""
