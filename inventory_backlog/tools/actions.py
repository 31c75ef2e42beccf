"""Windows that open records, for buttons."""


def open_records(records):
    """The form of one record, the list of several."""
    action = {
        "type": "ir.actions.act_window",
        "name": records.env["ir.model"]._get(records._name).name,
        "res_model": records._name,
        "views": [(False, "form")],
        "res_id": records.id if len(records) == 1 else False,
    }
    if len(records) > 1:
        action["views"] = [(False, "list"), (False, "form")]
        action["domain"] = [("id", "in", records.ids)]
    return action


def open_documents(documents):
    """Open documents of several kinds: those of the kind of the first one.

    :param documents: a list of records, not empty
    """
    first = documents[0]
    return open_records(
        first.union(*(one for one in documents if one._name == first._name))
    )


def open_lines(lines, domain):
    """The list of the backlog lines in ``domain``.

    :param lines: the model ``backlog.line``

    :raise AccessError: for those who may not read the backlog
    """
    lines.browse().check_access("read")
    action = lines.env["ir.actions.act_window"]._for_xml_id(
        "inventory_backlog.backlog_line_action"
    )
    return {**action, "domain": domain, "context": {}}
