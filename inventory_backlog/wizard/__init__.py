from . import backlog_vendor_switch
from . import product_replenish
