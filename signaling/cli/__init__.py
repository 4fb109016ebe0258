"""The `sangdam` command. `main.py` has the entry point of the command.

`administration.py` collects the administrative commands.
"""
