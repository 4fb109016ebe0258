PATIENCE_S = 30.0  # seconds that a test waits for something that must happen; on a quiet machine it happens within two
