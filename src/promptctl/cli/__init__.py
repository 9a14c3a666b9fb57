"""The command line: parse, call `api`, print, exit. One file per noun."""
