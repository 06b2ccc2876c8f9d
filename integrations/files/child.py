"""The process in which a picture is looked at: its bytes come on standard input, what is kept goes to standard output.

It bounds itself before it reads anything, and needs neither files nor network nor secrets.

The answer is a line of JSON, `{"error": …}` or `{"files": [[media type, width, height, size], …]}`, the picture itself
first, and behind it the bytes of these files.
"""

import json
import resource
import sys

# Bytes of address space, and seconds of CPU.
MEMORY = 1_500_000_000
CPU = 40


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Behind the bounds: what these load is bounded too.
    from integrations.files.base import Unfit  # noqa: PLC0415
    from integrations.files.picture import keep  # noqa: PLC0415
    from integrations.files.svg import keep_svg  # noqa: PLC0415

    media_type = sys.argv[1]
    content = sys.stdin.buffer.read()
    try:
        kept = keep_svg(content) if media_type == "image/svg+xml" else keep(content, media_type)
    except Unfit as unfit:
        sys.stdout.write(json.dumps({"error": str(unfit)}) + "\n")
        return
    except (MemoryError, RecursionError):
        sys.stdout.write(json.dumps({"error": "The picture takes more memory than one may."}) + "\n")
        return
    files = (kept.file, *kept.renditions)
    listed = [[file.media_type, file.width, file.height, len(file.content)] for file in files]
    sys.stdout.buffer.write(json.dumps({"files": listed}).encode() + b"\n")
    for file in files:
        sys.stdout.buffer.write(file.content)


if __name__ == "__main__":
    main()
