"""Put the real output of commands into the README: each is named in a comment above its block."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"<!-- output of: (?P<command>.+?) -->\n```\n.*?```", re.DOTALL)


def block(match: re.Match[str]) -> str:
    """Run the command of a block and return the block with its output."""
    command = match["command"]
    program, *arguments = command.split()
    program = str(Path(sys.executable).with_name(program))
    output = subprocess.run([program, *arguments], cwd=README.parent, check=True, capture_output=True, text=True).stdout
    return f"<!-- output of: {command} -->\n```\n{output.strip()}\n```"


if __name__ == "__main__":
    README.write_text(BLOCK.sub(block, README.read_text(encoding="utf-8")), encoding="utf-8")
