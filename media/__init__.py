"""Media plane: transport, RTP, relay, mixer, board and recording, run as worker processes (`python -m media`)."""
