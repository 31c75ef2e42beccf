from . import backlog_allocation
from . import backlog_counter
from . import backlog_demand
from . import backlog_live_line
from . import backlog_live_slice
from . import backlog_supply
from . import backlog_turn
from . import sweep
