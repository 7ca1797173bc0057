"""The local viewer of a corpus: search, filters, pages with what was cut from them, and the "why not?" box."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.app import make_app
from c4pipe.tokenizer import NamedTokenizer

__all__ = ["make_app", "serve"]

HOST = "127.0.0.1"


def serve(
    corpus: Corpus,
    port: int,
    given: Sequence[Path] = (),
    run: Path | None = None,
    compared: Path | None = None,
    others: Sequence[Corpus] = (),
    tokenizer: NamedTokenizer | None = None,
) -> None:
    """Serves the corpus at http://127.0.0.1:PORT/ until interrupted; port 0 chooses a free one.

    ConfigError for an invalid or used port, and errors of `make_app`.
    """
    app = make_app(corpus, given, run, compared, others, tokenizer)
    listener = _listen(port)
    print(f"http://{HOST}:{listener.getsockname()[1]}/ shows {corpus.folder}. Ctrl-C ends it.", flush=True)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    with listener, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(f"port {port} of {HOST} cannot be opened ({error}). Choose another one: --port N.") from None
    return listener
