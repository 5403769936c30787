"""Applies the house rules to every source file, and shows each rule what it must catch."""
# SPDX-License-Identifier: Apache-2.0

import shutil
import subprocess
from collections.abc import Callable
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
import tidy_rules as rules

ROOT = Path(__file__).resolve().parent.parent
CPP = ("*.cc", "*.h")
PYTHON = ("*.py",)
SCRIPTS = ("varve", ".ci/run")
TOML = ("*.toml",)
CODE = CPP + PYTHON + SCRIPTS + TOML

# Rule -> the files that it is for.
RULES: dict[Callable[[str, str], list[str]], tuple[str, ...]] = {
    rules.file_is_short: CODE,
    rules.lines_are_short: CODE,
    rules.has_no_tabs: (*CODE, "*.md", "*.txt"),
    rules.has_no_trailing_space: (*CODE, "*.md"),
    rules.has_nothing_left_to_do: (*CODE, "*.md"),
    rules.opens_with_comment: CPP,
    rules.opens_with_docstring: PYTHON,
    rules.opens_with_question: ("experiments/*.toml", "workloads/*.toml"),
    rules.cpp_functions_are_short: CPP,
    rules.python_functions_are_short: PYTHON,
    rules.has_no_cpp_code_in_comments: CPP,
    rules.has_no_python_code_in_comments: PYTHON,
    rules.includes_only_what_it_may: CPP,
    rules.knows_no_concrete_store: CPP,
    rules.prints_nothing: CPP,
    rules.test_is_built: ("*.cc",),
    rules.settings_have_help: ("*.h",),
}


@cache
def source_files() -> list[str]:
    """Tracked files and new ones that are not ignored."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git repository")
    return [path for path in listed.stdout.splitlines() if (ROOT / path).is_file()]


def complaints(rule: Callable[[str, str], list[str]], patterns: tuple[str, ...]) -> list[str]:
    found = []
    for path in source_files():
        if any(fnmatch(path, pattern) for pattern in patterns):
            found += rule(path, (ROOT / path).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Callable[[str, str], list[str]]) -> None:
    found = complaints(rule, RULES[rule])
    assert not found, "\n" + "\n".join(found)


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    found = []
    for path in source_files():
        if path.endswith(".md"):
            found += rules.links_resolve(path, (ROOT / path).read_text(encoding="utf-8"), ROOT)
    assert not found, "\n" + "\n".join(found)


def test_cmake_globs_the_tests() -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS tests/*.cc)" in cmake


def test_sources_are_formatted() -> None:
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None or " 14." not in subprocess.run([tool, "--version"], capture_output=True,
                                                    text=True, check=True).stdout:
        pytest.skip("another version of clang-format has other opinions than 14")
    files = [path for path in source_files() if path.endswith((".cc", ".h"))]
    checked = subprocess.run([tool, "--dry-run", *files], cwd=ROOT, capture_output=True, text=True,
                             check=True)
    wrong = sorted({line.split(":")[0] for line in checked.stderr.splitlines()
                    if "warning" in line})
    assert not wrong, "clang-format -i " + " ".join(wrong)


# --- each rule catches what it is for -------------------------------------------------------------

LONG_CPP = "namespace x {\nint F(int a) {\n" + "  a += 1;\n" * 69 + "  return a;\n}\n}\n"
LONG_METHOD = "struct S {\n  int F() const {\n" + "    a += 1;\n" * 69 + "  }\n};\n"
LONG_CONSTRUCTOR = "S::S(int a)\n    : a_{a}, b_(2) {\n" + "  ++a_;\n" * 69 + "}\n"
LONG_PYTHON = "def f():\n" + "    g()\n" * 70
GOOD_HEADER = "// What.\n//\n// SPDX-License-Identifier: Apache-2.0\n"

BROKEN = [
    (rules.file_is_short, "a.cc", "x\n" * 501),
    (rules.lines_are_short, "a.cc", "x" * 101),
    (rules.has_no_tabs, "a.cc", "a\tb"),
    (rules.has_no_trailing_space, "a.cc", "a \n"),
    (rules.has_no_trailing_space, "a.cc", "a"),
    (rules.has_nothing_left_to_do, "a.cc", "// TO" + "DO: later"),
    (rules.opens_with_comment, "a.cc", "#include <x>\n" + GOOD_HEADER),
    (rules.opens_with_comment, "a.cc", "// SPDX-License-Identifier: Apache-2.0\n// What.\n"),
    (rules.opens_with_comment, "a.cc", "// What.\n// More.\n#include <x>\n"),
    (rules.opens_with_docstring, "a.py", "x = 1\n"),
    (rules.opens_with_question, "experiments/a.toml", 'title = "x"\n'),
    (rules.cpp_functions_are_short, "a.cc", LONG_CPP),
    (rules.cpp_functions_are_short, "a.h", LONG_METHOD),
    (rules.cpp_functions_are_short, "a.cc", LONG_CONSTRUCTOR),
    (rules.python_functions_are_short, "a.py", LONG_PYTHON),
    (rules.has_no_cpp_code_in_comments, "a.cc", "  // x = f(y);"),
    (rules.has_no_cpp_code_in_comments, "a.cc", "// if (a) return b;"),
    (rules.has_no_cpp_code_in_comments, "a.cc", "//Call(a, b);"),
    (rules.has_no_cpp_code_in_comments, "a.cc", "// #include <x>"),
    (rules.has_no_python_code_in_comments, "a.py", "    # x = 3"),
    (rules.has_no_python_code_in_comments, "a.py", "# print(x)"),
    (rules.includes_only_what_it_may, "engine/a.cc", '#include "harness/b.h"'),
    (rules.includes_only_what_it_may, "engine/a.cc", '#include "workloads/b.h"'),
    (rules.includes_only_what_it_may, "engine/util/a.h", '#include "engine/options.h"'),
    (rules.includes_only_what_it_may, "engine/io/a.h", '#include "engine/tree/tree.h"'),
    (rules.includes_only_what_it_may, "workloads/a.cc", '#include "engine/options.h"'),
    (rules.includes_only_what_it_may, "workloads/a.cc", '#include "harness/store.h"'),
    (rules.knows_no_concrete_store, "harness/client.cc", '#include "engine/db.h"'),
    (rules.prints_nothing, "engine/a.cc", 'std::cout << "x";'),
    (rules.prints_nothing, "workloads/a.cc", 'printf("x");'),
    (rules.test_is_built, "engine/a_test.cc", "TEST(A, B) {}"),
    (rules.test_is_built, "tests/a_test.cc", "int main() {}"),
    (rules.settings_have_help, "a.h",
     'static void ForEach( visit(Setting{"x", kFlag, 0, 0, "", ""}, self.x)'),
]

FINE = [
    (rules.cpp_functions_are_short, "a.cc", LONG_CPP.replace("  a += 1;\n" * 69, "")),
    (rules.cpp_functions_are_short, "a.cc",
     "constexpr Row kRows[] = {\n" + '    {"a", F()},\n' * 90 + "};\n"),
    (rules.cpp_functions_are_short, "a.h",
     "class alignas(64) A : public B<C> {\n" + "  int F();\n" * 90 + "};\n"),
    (rules.cpp_functions_are_short, "a.cc",
     'const char* k = R"x(\nvoid f() {\n' + "\n" * 90 + ')x";\n'),
    (rules.has_no_cpp_code_in_comments, "a.h", "//   auto db = Db::Open(options);"),
    (rules.has_no_cpp_code_in_comments, "a.h", "// The sum over causes; what storage saw is;"),
    (rules.has_no_python_code_in_comments, "a.py", "# In the order of the file: axes come first."),
    (rules.opens_with_comment, "a.cc", GOOD_HEADER),
    (rules.prints_nothing, "engine/a.cc", "snprintf(buffer, 3, x);  // printf(x)"),
    (rules.prints_nothing, "harness/a.cc", 'printf("x");'),
    (rules.knows_no_concrete_store, "harness/stores/varve_store.cc", '#include "engine/db.h"'),
    (rules.includes_only_what_it_may, "workloads/a.cc", '#include "engine/util/random.h"'),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_the_rule_catches_a_snippet(rule: Callable, path: str, text: str) -> None:
    assert rule(path, text)


@pytest.mark.parametrize(("rule", "path", "text"), FINE)
def test_the_rule_lets_a_good_snippet_pass(rule: Callable, path: str, text: str) -> None:
    assert not rule(path, text)


def test_every_rule_has_a_snippet_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_every_invariant_of_the_engine_is_cited_by_a_test() -> None:
    stated = rules.invariants_of((ROOT / "engine/README.md").read_text(encoding="utf-8"))
    tests = [(ROOT / path).read_text(encoding="utf-8") for path in source_files()
             if fnmatch(path, "tests/*_test.cc")]
    assert stated, "engine/README.md states no invariants"
    assert stated <= rules.invariants_cited(tests)


def test_an_invariant_without_a_test_is_caught() -> None:
    readme = "| I1 | a is b. | x |\n| I12 | c is d. | y |\n"
    assert rules.invariants_of(readme) == {"I1", "I12"}
    assert rules.invariants_cited(["// I12: c.", "TEST(A, I1b) {}"]) == {"I12"}


def test_a_broken_link_is_caught() -> None:
    assert rules.links_resolve("README.md", "[x](no/such/file.md)", ROOT)
    assert not rules.links_resolve("README.md", "[x](varve#top) [y](https://example.org)", ROOT)


def test_functions_are_found_where_they_begin_and_end() -> None:
    text = ("namespace a {\nclass B {\n public:\n  int C() const { return 1; }\n};\n"
            "template <class T>\nvoid D(T t) {\n  if (t) {\n  }\n  auto e = [&] {\n  };\n}\n}\n")
    assert [(first, last) for first, last, _ in rules.cpp_functions(text)] == [(4, 4), (6, 12)]
