"""Hold what the documents name against what there is: files, pictures, headings.

Called by ``./dev lint``.
"""

import re
import sys
from pathlib import Path

DOCUMENTS = ("*.md", "docs/*.md", "*/static/description/index.html")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r'\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def main():
    wrong = [
        f"{document}: {link}"
        for pattern in DOCUMENTS
        for document in sorted(Path().glob(pattern))
        for link in links(document)
        if not leads_somewhere(document, link)
    ]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))


def links(document):
    """What the document names, but other sites."""
    text = CODE.sub("", document.read_text())
    found = (markdown or html for markdown, html in LINK.findall(text))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def leads_somewhere(document, link):
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(document):
    """As GitHub makes them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(CODE.sub("", document.read_text()))
    }


main()
