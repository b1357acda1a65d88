"""`python -m paraverbal`, and the entry point of the command `paraverbal`."""


def main() -> None:
    """Run the command line."""
    from paraverbal.cli import main as run

    run()


if __name__ == "__main__":
    main()
