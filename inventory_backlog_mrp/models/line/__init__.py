from . import backlog_line
from . import backlog_line_today
from . import backlog_quote
from . import backlog_why
