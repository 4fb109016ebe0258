"""Preview a change of staff, hours, categories or priorities: a simulated matcher serves the users of the last weeks again."""

from .past import Past, past_of
from .running import Busy, Previews, Superseded
from .works import Change, work_of

__all__ = ["Busy", "Change", "Past", "Previews", "Superseded", "past_of", "work_of"]
