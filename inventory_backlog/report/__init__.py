from . import backlog_paper
