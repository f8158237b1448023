"""The entry: python server.py COMMAND.

python server.py            serve
python server.py schema     print the GraphQL schema
python server.py settings   print what can be set
python server.py migrate    bring the database's tables up to date
"""

import gc
import sys

if __name__ == "__main__":
    gc.disable()  # modules stay: to look for garbage among them costs a fifth of the start
try:
    from application.app import build_app
    from application.runtime import Overrides
    from commands.main import main
    from commands.words import program
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    sys.stderr.write(
        f"{missing.name} is not installed for this Python. One command sets everything up and "
        "starts the server with the sandbox: make run. From then on: .venv/bin/python server.py\n"
    )
    sys.exit(3)

__all__ = ["Overrides", "build_app", "main"]

if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main(sys.argv[1:], program=program()))
