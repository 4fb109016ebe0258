"""`make bench ARGS=abuse`: what honest users wait, what the server holds and logs while strangers do their worst."""
