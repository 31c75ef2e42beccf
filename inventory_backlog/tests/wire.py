"""Another program, which calls a live server over both of Odoo's APIs."""

from odoo.tests import HttpCase


class WireCase(HttpCase):
    """To be put before a case of ours, whose ``self.caller`` is the user that calls."""

    def setUp(self):
        super().setUp()
        self.keys = {}

    def _key(self, user):
        if user not in self.keys:
            keys = self.env(user=user)["res.users.apikeys"]
            self.keys[user] = keys._generate("rpc", "Test", self._after(1))
        return self.keys[user]

    def _xmlrpc(self, model, method, *args, user=None, **kwargs):
        user = user or self.caller
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname, user.id, self._key(user), model, method, args, kwargs
        )

    def _json2_answer(self, model, method, user=None, **params):
        return self.url_open(
            f"/json/2/{model}/{method}",
            method="POST",  # Else it asks with GET when there are no parameters.
            json=params,
            headers={
                "Authorization": f"Bearer {self._key(user or self.caller)}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )

    def _json2(self, model, method, user=None, **params):
        answer = self._json2_answer(model, method, user, **params)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def _assert_json2_refused(self, status, sentence, model, method, **params):
        answer = self._json2_answer(model, method, **params)
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertRegex(answer.json()["message"], sentence)

    def _on_both(self, model, method, **params):
        """What both APIs answer, which is the same."""
        answer = self._json2(model, method, **params)
        self.assertEqual(self._xmlrpc(model, method, **params), answer)
        return answer
