"""The command, when its libraries are there."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or print the line that installs it."""
    try:
        import typer  # noqa: F401
    except ModuleNotFoundError:
        sys.exit("The command line needs two more libraries: pip install 'jackfield[cli]'")
    from jackfield.cli.app import app

    app()


if __name__ == "__main__":
    main()
