"""Recording: a separate process, the recorder, writes the packets of the recorded participants without decoding their content.

The worker queues the decrypted bytes of each packet (`tap`) and sends them to the recorder in batches (`link`). The recorder
(`process`) orders packets, puts frames together and writes them to disk. Because the recorder is a separate process, neither
Python's global lock (GIL) nor a slow disk can delay a call. When the worker is killed, the recorder's socket ends, and the
recorder closes its files properly.
"""
