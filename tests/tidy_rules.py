"""The house rules that a program can check, each as a function from a file to its complaints.

A rule takes a path relative to the repository and the text of the file, and returns one sentence
for each place that breaks it. tidy_test.py applies every rule to every file that it is for, and
shows each rule a snippet that breaks it.
"""
# SPDX-License-Identifier: Apache-2.0

import ast
import re
from pathlib import Path

LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100


def file_is_short(path: str, text: str) -> list[str]:
    lines = len(text.splitlines())
    return [f"{path}: {lines} lines, at most {LINES_MAX}"] if lines > LINES_MAX else []


def lines_are_short(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: {len(line)} columns, at most {COLUMNS_MAX}"
            for number, line in enumerate(text.splitlines(), 1) if len(line) > COLUMNS_MAX]


def has_no_tabs(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: a tab"
            for number, line in enumerate(text.splitlines(), 1) if "\t" in line]


def has_no_trailing_space(path: str, text: str) -> list[str]:
    found = [f"{path}:{number}: space at the end of the line"
             for number, line in enumerate(text.splitlines(), 1) if line != line.rstrip()]
    if text and not text.endswith("\n"):
        found.append(f"{path}: no newline at the end of the file")
    return found


UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def has_nothing_left_to_do(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: {found.group()}: do it, or file an issue"
            for number, line in enumerate(text.splitlines(), 1)
            if (found := UNFINISHED.search(line))]


def opens_with_comment(path: str, text: str) -> list[str]:
    """C++: what this is, then the licence, before anything else."""
    comment = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        comment.append(line)
    if len(comment) < 2 or comment[0].startswith("// SPDX"):
        return [f"{path}: does not open with a comment that says what it is"]
    if "// SPDX-License-Identifier: Apache-2.0" not in comment:
        return [f"{path}: the opening comment does not end with the SPDX line"]
    return []


def opens_with_docstring(path: str, text: str) -> list[str]:
    if not text.strip():
        return []
    return [] if ast.get_docstring(ast.parse(text)) else [f"{path}: no docstring"]


def opens_with_question(path: str, text: str) -> list[str]:
    """Experiments and workloads: the first line is a comment."""
    return [] if text.startswith("# ") else [f"{path}: does not begin with a comment"]


# --- functions ------------------------------------------------------------------------------------

# Comments, strings and characters, whose braces do not count.
CPP_NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)
ATTRIBUTE = re.compile(r"\balignas\([^()]*\)|\[\[[^\]]*\]\]|\b[A-Z][A-Z_]+\([^()]*\)")
ACCESS = re.compile(r"\s*(?:public|private|protected)\s*")
# A table of settings is one function of one statement a row, however many rows.
TABLE = re.compile(r"\bForEach\(Self& self, Visitor&& visit\)")
TYPE = re.compile(r"\b(class|struct|union|enum)\b[^()]*$")
NAMESPACE = re.compile(r"\bnamespace\b[^()]*$|\bextern\s*\"?")
CONSTRUCTOR = re.compile(r"\)\s*(?:noexcept\s*)?:[^:]")


def blank(match: re.Match) -> str:
    """The same number of lines and columns, with nothing in it."""
    return re.sub(r"[^\n]", " ", match.group())


def brace_kind(header: str, outer: str) -> str:
    """What a brace opens that comes after `header` in a scope of kind `outer`."""
    if outer not in ("namespace", "type"):
        return "block"
    header = ATTRIBUTE.sub("", header)
    if NAMESPACE.search(header):
        return "namespace"
    if CONSTRUCTOR.search(header) and re.search(r"[\w>]\s*$", header):
        return "initializer"
    assigns = re.search(r"(?<![=!<>])=(?!=)", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", header))
    if "(" in header and (not assigns or "operator" in header):
        return "function"
    if TYPE.search(header):
        return "type"
    return "block"


def cpp_functions(text: str) -> list[tuple[int, int, str]]:
    """First line, last line and header of each function, by counting braces."""
    code = re.sub(r"(?m)^\s*#(?:[^\n\\]|\\\n|\\.)*", blank, CPP_NOISE.sub(blank, text))
    functions = []
    stack = [("namespace", 0, "")]
    header, header_line, line = "", 1, 1
    for character in code:
        if character == "{":
            kind = brace_kind(header, stack[-1][0])
            stack.append((kind, header_line, header))
            if kind != "initializer":
                header = ""
        elif character == "}":
            kind, first, name = stack.pop() if len(stack) > 1 else stack[0]
            if kind == "function":
                functions.append((first, line, " ".join(name.split())))
            if kind != "initializer":
                header = ""
        elif character == ";" or (character == ":" and ACCESS.fullmatch(header)):
            header = ""
        elif not character.isspace() or header:
            header_line = header_line if header else line
            header += character
        line += character == "\n"
    return functions


def cpp_functions_are_short(path: str, text: str) -> list[str]:
    return [f"{path}:{first}: a function of {last - first + 1} lines, at most "
            f"{FUNCTION_LINES_MAX}: {name[:60]}"
            for first, last, name in cpp_functions(text)
            if last - first + 1 > FUNCTION_LINES_MAX and not TABLE.search(name)]


def python_functions_are_short(path: str, text: str) -> list[str]:
    functions = [node for node in ast.walk(ast.parse(text))
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{path}:{node.lineno}: a function of {node.end_lineno - node.lineno + 1} lines, at "
            f"most {FUNCTION_LINES_MAX}: {node.name}"
            for node in functions if node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX]


# --- code in comments -----------------------------------------------------------------------------

# Indented by more than one space it is an example in a comment, and wanted.
CPP_CODE = re.compile(
    r"^\s*// ?(?! )(?:\}|#include\b.*|(?:return|if|for|while|else|switch|delete)\b.*[;{]"
    r"|[\w:<>*&,\[\]][\w:<>*&,\[\] ]* = .*;|[\w:.>-]+\([^()]*\);"
    r"|(?:const |static |auto )?[\w:<>*&]+ \w+;)$")


def has_no_cpp_code_in_comments(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: code in a comment: {line.strip()}"
            for number, line in enumerate(text.splitlines(), 1) if CPP_CODE.match(line)]


def is_python_code(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    if len(body) != 1:
        return False
    statement = body[0]
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    return isinstance(statement, ast.Assign | ast.AugAssign | ast.Import | ast.ImportFrom
                      | ast.Return | ast.Raise | ast.Delete)


def has_no_python_code_in_comments(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: code in a comment: {line.strip()}"
            for number, line in enumerate(text.splitlines(), 1)
            if re.match(r"\s*#", line) and is_python_code(line.strip().lstrip("# "))]


# --- what may know what ---------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)
OUTPUT = re.compile(r"std::(?:cout|cerr|clog)\b|\bf?printf\s*\(|\bf?puts\s*\(|fmt::print\b")
KNOWS_DB = re.compile(r"harness/stores/\w+_store\.cc|harness/commands/(?:verify|dump|repair)\.cc"
                      r"|harness/torture/.*|harness/micro/.*|tests/.*|engine/.*")

# Folder -> what it may include, as a pattern.
MAY_INCLUDE = {
    "engine/util/": r"engine/(?:util/.*|io/.*|status\.h)",
    "engine/io/": r"engine/(?:io/.*|util/.*|status\.h)",
    "engine/": r"engine/.*",
    "workloads/": r"workloads/.*|engine/(?:util/.*|status\.h)",
    "harness/": r"(?:engine|workloads|harness)/.*",
}


def includes_only_what_it_may(path: str, text: str) -> list[str]:
    folder = next((folder for folder in MAY_INCLUDE if path.startswith(folder)), None)
    if folder is None:
        return []
    return [f"{path}: includes {name}, but {folder} must not know it"
            for name in INCLUDE.findall(text) if not re.fullmatch(MAY_INCLUDE[folder], name)]


def knows_no_concrete_store(path: str, text: str) -> list[str]:
    if KNOWS_DB.fullmatch(path) or "engine/db.h" not in INCLUDE.findall(text):
        return []
    return [f"{path}: includes engine/db.h, which stores, torture, verify and dump may"]


def prints_nothing(path: str, text: str) -> list[str]:
    if not path.startswith(("engine/", "workloads/")):
        return []
    code = CPP_NOISE.sub(blank, text)
    return [f"{path}:{number}: prints; libraries return what they have to say"
            for number, line in enumerate(code.splitlines(), 1) if OUTPUT.search(line)]


# --- tests, settings, documentation ---------------------------------------------------------------

def test_is_built(path: str, text: str) -> list[str]:
    """CMakeLists.txt globs tests/*.cc and leaves out the entry point of libFuzzer."""
    if not path.endswith("_test.cc"):
        return []
    if not path.startswith("tests/"):
        return [f"{path}: no build finds this test"]
    return [] if re.search(r"^TEST(?:_[FP])?\(|^TYPED_TEST|^INSTANTIATE_|RunTextTest", text,
                           re.MULTILINE) else [f"{path}: holds no test"]


SETTING = re.compile(r'(?:Setting|Property)\{"(\w+)",\s*\w+,[^"]*"(\w*)",\s*"([^"]+)"')


def settings_have_help(path: str, text: str) -> list[str]:
    if "static void ForEach(" not in text:
        return []
    visited = len(re.findall(r"visit\(\s*(?:Setting|Property)\{", text))
    helped = [name for name, _, words in SETTING.findall(text) if len(words) >= 6]
    return [] if len(helped) == visited else [
        f"{path}: {visited} settings, but {len(helped)} with help"]


LINK = re.compile(r"\]\(([^)\s]+)\)")


INVARIANT = re.compile(r"\bI\d+\b")


def invariants_of(readme: str) -> set[str]:
    """The numbers in the table of engine/README.md."""
    return set(re.findall(r"^\| (I\d+) \|", readme, re.MULTILINE))


def invariants_cited(tests: list[str]) -> set[str]:
    return {number for text in tests for number in INVARIANT.findall(text)}


def links_resolve(path: str, text: str, root: Path) -> list[str]:
    broken = []
    for target in LINK.findall(text):
        name = target.split("#")[0]
        if re.match(r"[a-z]+:", target) or not name:
            continue
        if not (root / path).parent.joinpath(name).exists():
            broken.append(f"{path}: the link to {target} leads nowhere")
    return broken
