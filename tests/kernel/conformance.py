"""jupyter_kernel_test's own suite, with the samples of this kernel. Run by conformance.test.ts."""

import unittest

import jupyter_kernel_test


class ConformanceTests(jupyter_kernel_test.KernelTests):
    kernel_name = "dpbench-test"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [
        {"text": "parseFl", "matches": {"parseFloat"}},
        {"text": "'text'.toUpper", "matches": {"toUpperCase"}},
    ]
    complete_code_samples = ["1", "let a = 1", "function f() {\n  return 1\n}", "'{'"]
    incomplete_code_samples = ["function f() {", "`open", "const a = [1,", "/* open"]
    invalid_code_samples = ["let a = 7q", "const = 3", ")"]
    code_page_something = "Math.max?"
    code_generate_error = "throw new Error('deliberate')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "'a'", "result": "'a'"},
        {"code": "null", "result": "null"},
    ]
    code_display_data = [
        {"code": "display.html('<b>bold</b>')", "mime": "text/html"},
        {"code": "display.markdown('*text*')", "mime": "text/markdown"},
        {"code": "display.svg('<svg/>')", "mime": "image/svg+xml"},
        {"code": "display(1)", "mime": "text/plain"},
    ]
    code_history_pattern = "1 +*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "parseFloat"
    code_clear_output = "clearOutput()"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "dpbench-test"
    support_iopub_welcome = True


# unittest would run the classes that these two come from as well.
def load_tests(loader, tests, pattern):
    classes = (ConformanceTests, WelcomeTests)
    return unittest.TestSuite(loader.loadTestsFromTestCase(one) for one in classes)


if __name__ == "__main__":
    unittest.main()
