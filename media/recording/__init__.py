"""Recording: what arrives of each participant is written as it came, by a process of its own beside the worker.

The packet path only hands bytes on (`tap`), the worker sends them in batches (`link`), and the recorder (`process`) orders them,
puts frames together and writes them, where neither Python's lock nor a slow disk can hold up a call. When the worker is killed
the recorder reads the end of its pipe and closes its files properly.
"""
