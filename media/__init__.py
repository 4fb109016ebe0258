"""Everything with packets: transport, RTP, relay, mixer, board; a worker process (`python -m media`)."""
