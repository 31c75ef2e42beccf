"""Who may get by mail, today, what a group of users reads in a company."""


def why_not_told(user, company, group, by_mail=True):
    """Why ``user`` must not get what ``group`` reads in ``company``, as a sentence;
    empty when nothing is against it.

    :param group: the xml id of the group
    :param by_mail: whether an address is needed
    """
    env = user.env
    # As superuser: the sender may lack the right to read users, and only names and
    # groups are read.
    user, company = user.sudo(), company.sudo()
    if user.share:
        return env._("%s is not an internal user.", user.name)
    if not user.active or company not in user.company_ids:
        return env._(
            "%(user)s no longer works in %(company)s.",
            user=user.name,
            company=company.name,
        )
    if not user.has_group(group):
        return env._(
            "%(user)s does not have the right “%(right)s”.",
            user=user.name,
            right=env.ref(group).sudo().full_name,
        )
    if by_mail and not user.email:
        return env._("%s has no email address. Enter one in the user.", user.name)
    return ""


def told(users, company, group):
    """The ``users`` who may get it."""
    return users.filtered(lambda user: not why_not_told(user, company, group))
