from . import backlog_situation
