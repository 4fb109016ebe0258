from hypothesis import settings

# no deadline for an example: its time depends on the machine, not on the code under test
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
