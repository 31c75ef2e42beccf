from . import backlog_availability
from . import backlog_feed
from . import backlog_likely
from . import backlog_line
from . import backlog_line_today
from . import backlog_quote
from . import backlog_reservation
from . import backlog_why
