from . import backlog_suggestion_accept
from . import backlog_suggestion_accept_line
from . import backlog_suggestion_defer
from . import backlog_vendor_switch
from . import base_partner_merge_automatic_wizard
from . import product_replenish
