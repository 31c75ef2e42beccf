from . import backlog_fold
from . import backlog_kept
from . import backlog_kept_row
from . import backlog_trigger
