"""Print the test files that a change can touch, for ``./dev test --changed``.

The change is what differs from where the branch left ``main``, committed or not. It is
judged by names alone, so it is for the way there; the whole suite decides:

- a test file: itself;
- a Python file of models: the test files that name one of its models, or whose helpers
  (``from .common import …``) do;
- a page that a test reads: the tests that name it;
- benchmarks and tools: the test of their Python; other pages and pictures: nothing;
- anything else (views, data, rights, SQL, helpers of tests …): everything.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL = re.compile(r"^    _(?:name|inherit) = (.+?)$", re.MULTILINE)
HELPER = re.compile(r"^from \.\.?(?:\w+\.)?(\w+) import", re.MULTILINE)


def main():
    tests = {path: with_helpers(path) for path in ROOT.glob("*/tests/**/test_*.py")}
    found = set()
    for name in changed():
        touched = touched_by(name, tests)
        if touched is None:
            found = {path.parents[1] for path in tests}
            break
        found |= touched
    for path in sorted(found):
        print(path.relative_to(ROOT))


def changed():
    since = git("merge-base", "HEAD", "main", check=False) or ["HEAD"]
    return sorted(
        {
            *git("diff", "--name-only", "--no-renames", *since),
            *git("ls-files", "--others", "--exclude-standard"),
        }
    )


def git(*arguments, check=True):
    command = ["git", "-C", ROOT, *arguments]
    done = subprocess.run(command, check=check, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()


def with_helpers(test):
    """The text of a test file and of the helpers of its addon that it imports."""
    text, seen = test.read_text(), set()
    while new := set(HELPER.findall(text)) - seen:
        seen |= new
        for helper in new:
            for path in test.parents[1].glob(f"**/{helper}.py"):
                text += path.read_text()
    return text


def touched_by(name, tests):
    """The test files that a changed file can touch; None: all of them."""
    path = ROOT / name
    if path in tests:
        return {path}
    if re.match(r"[^/]+/tests/(\w+/)?test_\w+\.py$", name):  # removed
        return set()
    if re.match(r"[^/]+/(models|wizard|report)/(?!__init__)\w+\.py$", name):
        words = models(path)
    elif re.match(r"(README|docs/\w+)\.md$", name):
        words = {f'"{name}"'}
    elif re.match(r"(benchmarks|tools)/.+\.py$", name):
        return {test for test in tests if test.name == "test_python.py"}
    elif name.endswith((".md", ".png", "LICENSE")):
        return set()
    else:
        return None
    return words and {
        test for test, text in tests.items() if any(word in text for word in words)
    }


def models(path):
    """The quoted names of the models in a file; None if it is gone or has no model."""
    values = MODEL.findall(path.read_text()) if path.is_file() else []
    return {word for value in values for word in re.findall(r'"[\w.]+"', value)} or None


main()
