from . import mrp_bom
from . import backlog_allocation
from . import backlog_line
from . import sale_order_line
from . import sale_order
from . import product_product
from . import product_promise
from . import stock_move
