"""What one upload may cost to judge: time and memory grow with its bytes, whatever it claims."""

from dataclasses import dataclass

MIB = 1024 * 1024
# Of a document that is shown: pages of one answer, and of all; who needs more opens the file itself.
PAGES_AT_ONCE = 8
MOST_PAGES = 200


@dataclass
class Budget:
    """What may still be spent on one upload, everything inside it included."""

    entries: int = 2_000  # files in containers
    octets: int = 200 * MIB  # unpacked from containers
    depth: int = 4  # containers within containers, documents counted
    archives: int = 2  # a plain archive within a plain archive
    lists: int = 4 * MIB  # lists of relations of office documents, read to the end
    packed: int = 200 * MIB  # unpacked from the streams of PDF and HWP documents
    pixels: int = 500_000_000  # drawn or unpacked to see that a picture is one
