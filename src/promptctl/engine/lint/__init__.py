"""Everything that can be known about a project without a model.

`walk` goes over all files, `warnings` knows what is probably not meant, `findings` keeps what was found in
order, `home` and `partly` read on where a configuration or a suite is broken.
"""
