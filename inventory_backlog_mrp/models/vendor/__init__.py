from . import backlog_vendor
