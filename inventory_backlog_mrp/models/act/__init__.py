from . import backlog_checkup_count
from . import backlog_situation
