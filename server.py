"""The entry: python server.py COMMAND.

python server.py            serve
python server.py schema     print the GraphQL schema
python server.py settings   print what can be set
python server.py migrate    bring the database's tables up to date
"""

import sys

from application.app import build_app
from application.runtime import Overrides
from commands.main import main

__all__ = ["Overrides", "build_app", "main"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
