"""A line to a database that can be cut: a proxy that forwards bytes until it is told not to."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class Proxy:
    """Forwards to ``host:port``; ``cut`` drops all lines and refuses new ones, ``mend`` lets them through again.

    ``lose_answer_to`` drops a line right after the server was sent these bytes: the server acts, the client never hears.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._whole = True
        self._mute = False
        self.lose_answer_to: bytes | None = None
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        self._whole = False
        for line in list(self._open):
            self._drop(line)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._open |= {client, server}
            for pair in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._forward, args=pair, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, here: socket.socket, there: socket.socket, to_server: bool) -> None:
        try:
            while content := here.recv(65_536):
                if to_server and self.lose_answer_to is not None and self.lose_answer_to in content:
                    self.lose_answer_to, self._mute = None, True
                    there.sendall(content)
                    time.sleep(0.3)  # the server acts
                    return
                if to_server or not self._mute:
                    there.sendall(content)
        except OSError:
            pass
        finally:
            self._drop(here)
            self._drop(there)
            self._mute = self._mute and not to_server

    def _drop(self, line: socket.socket) -> None:
        self._open.discard(line)
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()
