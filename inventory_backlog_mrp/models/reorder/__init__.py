from . import backlog_facts
from . import backlog_need
from . import backlog_plan
from . import backlog_procure
from . import backlog_suggestion
from . import backlog_suggestion_component
from . import backlog_suggestion_run
from . import backlog_suggestion_text
