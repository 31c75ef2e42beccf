from . import backlog_impact
from . import backlog_vendor
