"""A server of chat completions that can do everything a provider does on a bad afternoon, on raw sockets.

`replies` is what it can send, `rules` which request gets which reply, `server` the sockets and the record of what came.
"""
