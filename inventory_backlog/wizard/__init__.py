from . import backlog_report
from . import backlog_report_annex
from . import backlog_report_bridge
from . import backlog_suggestion_accept
from . import backlog_suggestion_defer
from . import backlog_vendor_switch
from . import product_replenish
