"""Preview a change of staff, hours, categories or priorities, by the matcher on the last weeks' real arrivals."""

from .past import Past, past_of
from .running import Busy, Previews, Superseded
from .works import Change, work_of

__all__ = ["Busy", "Change", "Past", "Previews", "Superseded", "past_of", "work_of"]
