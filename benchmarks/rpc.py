"""How the benchmarks ask a server: as the web client does."""


def post(http, url, timeout=None, **params):
    """Ask a JSON route.

    :param http: a session of ``requests``
    :return: ``{"result": …}`` or ``{"error": …}``
    """
    answer = http.post(
        url,
        json={"jsonrpc": "2.0", "method": "call", "params": params},
        timeout=timeout,
    )
    answer.raise_for_status()
    return answer.json()


def call_kw(ask, model, method, args, kwargs):
    """Call a method of a model by ``ask(path, **params)``."""
    return ask(
        f"/web/dataset/call_kw/{model}/{method}",
        model=model,
        method=method,
        args=args,
        kwargs=kwargs,
    )
