from . import backlog_disruption
from . import backlog_impact
from . import backlog_vendor
from . import backlog_vendor_measure
from . import backlog_vendor_receipt
from . import vendor_rates
